import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { entities, type ModelName } from './oracle/facts';
import type { LocalId } from './sequelize-options';

interface Pair {
  readonly name: ModelName;
  readonly id: string;
  readonly legacyId: string | null;
}

const sql = entities
  .map(
    ({ name, table }) =>
      `SELECT '${name}' AS name, id::text AS id, legacy_id::text AS "legacyId" FROM "${table}"`,
  )
  .join(' UNION ALL ');

const isNumbered = (name: ModelName): boolean => name === 'Country' || name === 'Sector';

/** A local key that no row has. */
export function unknownId(name: ModelName): LocalId {
  return isNumbered(name) ? 999_999 : '99999999-9999-4999-8999-999999999999';
}

/** Which local key goes with which legacy key; read by plain SQL. */
export class LocalIds {
  private readonly legacyIds = new Map<string, string>();
  private readonly localIds = new Map<string, LocalId>();

  constructor(private readonly sequelize: Sequelize) {}

  /** Take in what the tables have now, for a transaction or for all; what a key once stood for is not forgotten. */
  async look(transaction: Transaction | null = null): Promise<void> {
    const pairs = await this.sequelize.query<Pair>(sql, { type: QueryTypes.SELECT, transaction });
    this.localIds.clear();
    for (const { name, id, legacyId } of pairs) {
      if (legacyId === null) continue;
      this.legacyIds.set(`${name} ${id}`, legacyId);
      this.localIds.set(`${name} ${legacyId}`, isNumbered(name) ? Number(id) : id);
    }
  }

  /** The local key of a record; nothing when it is not here. */
  localId(name: ModelName, legacyId: string): LocalId | undefined {
    return this.localIds.get(`${name} ${legacyId}`);
  }

  /** The legacy key behind a local one. */
  legacyId(name: ModelName, id: unknown): string | undefined {
    return this.legacyIds.get(`${name} ${String(id)}`);
  }
}
