import { Model, QueryTypes, type ModelStatic } from 'sequelize';
import { registeredModel } from '../../model/history';
import type { Mapping, Registry } from '../../mapping';
import type { AheadRow } from '../errors';
import { deletedAtOf, type LocalValues } from '../refresh/agreement';
import { isPending } from '../refresh/scope';
import type { Place } from '../runtime';
import { setOf, type Knowledge } from './legs';

/** A row of an answer, as far as the last check looks at it. */
export interface CheckedRow {
  readonly mapping: Mapping;
  readonly id: unknown;
  readonly legacyId: string | null;
  readonly modifiedAt: Date | null;
  readonly legacyModifiedAt: Date | null;
  /** Of a paranoid model: the row itself says that it is deleted. */
  readonly isDeleted: boolean;
  /** All that was read of it, by attribute. */
  readonly values: LocalValues;
}

/** Rows of an answer that what was fetched does not vouch for. */
export interface Gaps {
  /** By model: keys that came in no answer of this call. */
  readonly unseen: ReadonlyMap<Mapping, readonly string[]>;
  readonly ahead: readonly { mapping: Mapping; row: AheadRow }[];
}

/** Every row of a synced model in a result, those of its includes, too. */
export function rowsOf(registry: Registry, result: unknown): CheckedRow[] {
  const rows: CheckedRow[] = [];
  const visited = new Set<Model>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(visit);
      return;
    }
    if (!(value instanceof Model) || visited.has(value)) return;
    visited.add(value);
    const mapping = registry.get(registeredModel(value.constructor as ModelStatic<Model>).name);
    const values = value.dataValues as Record<string, unknown>;
    if (mapping) rows.push(checkedRow(mapping, values));
    for (const name in values) {
      const nested = values[name];
      if (Array.isArray(nested) || nested instanceof Model) visit(nested);
    }
  };
  visit(result);
  return rows;
}

/** The part of a row's values that the last check looks at. */
export function checkedRow(mapping: Mapping, values: LocalValues): CheckedRow {
  return {
    mapping,
    id: values[mapping.model.primaryKeyAttribute],
    legacyId: (values.legacyId as string | null | undefined) ?? null,
    modifiedAt: (values.modifiedAt as Date | null | undefined) ?? null,
    legacyModifiedAt: (values.legacyModifiedAt as Date | null | undefined) ?? null,
    isDeleted: Boolean(values[deletedAtOf(mapping) ?? '']),
    values,
  };
}

/** Whether a row has local changes that the legacy system does not have. */
function isAhead(row: CheckedRow): boolean {
  if (row.legacyId === null || row.legacyModifiedAt === null) return true;
  return row.modifiedAt !== null && row.modifiedAt > row.legacyModifiedAt;
}

/** Find the rows that what was fetched does not vouch for. */
export function gapsIn(knowledge: Knowledge, rows: readonly CheckedRow[]): Gaps {
  const unseen = new Map<Mapping, string[]>();
  const ahead: { mapping: Mapping; row: AheadRow }[] = [];
  for (const row of rows) {
    const { mapping, id, legacyId, modifiedAt, legacyModifiedAt } = row;
    if (row.isDeleted) continue;
    if (isAhead(row)) {
      ahead.push({ mapping, row: { id, legacyId, localModifiedAt: modifiedAt, legacyModifiedAt } });
    } else if (legacyId !== null && !isVouchedFor(knowledge, mapping, legacyId)) {
      const keys = unseen.get(mapping) ?? [];
      keys.push(legacyId);
      unseen.set(mapping, keys);
    }
  }
  return { unseen, ahead };
}

/** What was fetched, or every row of the model, is new enough for this call; so is what it writes itself. */
function isVouchedFor(knowledge: Knowledge, mapping: Mapping, key: string): boolean {
  const { seen, hidden, coverage, scope } = knowledge;
  const { name } = mapping;
  if (setOf(seen, name).has(key) || isPending(scope, mapping, key)) return true;
  return (coverage?.vouched.has(name) ?? false) && !setOf(hidden, name).has(key);
}

/** Of these keys, the ones that are known to be gone although their rows are still here. */
export async function keptTombstones(
  place: Place,
  mapping: Mapping,
  keys: readonly string[],
): Promise<string[]> {
  const rows = await place.sequelize.query<{ key: string }>(
    `SELECT legacy_id AS key FROM dual_write_known
      WHERE model = $1 AND gone AND legacy_id = ANY ($2::uuid[])`,
    { bind: [mapping.name, keys], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  return rows.map((row) => row.key);
}
