import { randomUUID } from 'node:crypto';
import { QueryTypes } from 'sequelize';
import type { DualWorld } from '../support/dual-world';

/** `2024-01-01` and so many hours. */
export function hour(at: number): Date {
  return new Date(Date.UTC(2024, 0, 1, at));
}

/** Put accounts into the CRM: created an hour apart, with a name each; gives their keys. */
export async function loadAccounts(
  world: DualWorld,
  count: number,
  more: (at: number, keys: readonly string[]) => object = () => ({}),
): Promise<string[]> {
  const keys = Array.from({ length: count }, () => randomUUID() as string);
  await world.sandbox.load(
    'account',
    keys.map((key, at) => ({
      ...{ AccountId: key, Name: `Fictional ${at}`, NumberOfEmployees: at },
      ...{ CreatedOn: hour(at), ModifiedOn: hour(at) },
      ...more(at, keys),
    })),
  );
  return keys;
}

/** Rows of a statement. */
export function rowsOf<Row extends object>(world: DualWorld, sql: string): Promise<Row[]> {
  return world.sequelize.query<Row>(sql, { type: QueryTypes.SELECT, raw: true });
}

/** Empty both sides, and forget every load and job. */
export async function resetAll(world: DualWorld): Promise<void> {
  await world.reset();
  const [found] = await rowsOf<{ loads: string | null }>(
    world,
    "SELECT to_regclass('dual_write_loads')::text AS loads",
  );
  if (found?.loads) await world.sequelize.query('TRUNCATE dual_write_loads CASCADE');
}
