import { QueryTypes, type WhereOptions } from 'sequelize';
import type { LegacyFilter, LegacyRecord, LegacyValue } from '../../../legacy-client';
import type { MappedAttribute, Mapping } from '../../mapping';
import { localTable, quote } from '../local-table';
import type { Runtime } from '../runtime';

/** Which rows are meant: by legacy key, by what they refer to, or by a condition of Sequelize. */
export type RowChoice =
  | { readonly keys: readonly string[] }
  | { readonly lookup: MappedAttribute; readonly targets: readonly string[] }
  | { readonly where: WhereOptions };

/**
 * Choose rows by a part of a legacy filter that the local table can decide for sure: keys, or what
 * they refer to. The rest of the filter is left out, so that there may be more of them.
 *
 * @returns undefined when the filter has no such part.
 */
export function choiceOf(mapping: Mapping, filter: LegacyFilter): RowChoice | undefined {
  if (filter.op === 'and') {
    const choices = filter.filters.map((part) => choiceOf(mapping, part));
    return choices.find((choice) => choice !== undefined);
  }
  if (filter.op !== 'in' && filter.op !== 'eq') return undefined;
  const values: readonly LegacyValue[] = filter.op === 'in' ? filter.values : [filter.value];
  if (!values.every((value) => typeof value === 'string')) return undefined;
  const { name } = filter.property;
  if (name === mapping.entity.key) return { keys: values };
  const lookup = mapping.attributes.find(
    ({ property, target }) => target && property.name === name,
  );
  return lookup && { lookup, targets: values };
}

/**
 * Rows of the local table as the records that they were stored from, as far as it matters for what
 * belongs to them: keys and lookups. In the order of the keys where those are given.
 */
export async function localRecords(
  runtime: Runtime,
  mapping: Mapping,
  choice: RowChoice,
): Promise<LegacyRecord[]> {
  if (!('where' in choice)) return recordsBy(runtime, mapping, choice);
  const rows = (await mapping.model.unscoped().findAll({
    where: choice.where,
    attributes: ['legacyId'],
    raw: true,
    paranoid: false,
    skipLegacy: true,
    useMaster: true,
    transaction: null,
  })) as unknown as { legacyId: string | null }[];
  const keys = rows.flatMap(({ legacyId }) => (legacyId === null ? [] : [legacyId]));
  return recordsBy(runtime, mapping, { keys });
}

interface RecordRow {
  readonly key: string;
  /** By property. */
  readonly lookups: Readonly<Record<string, string | null>>;
}

async function recordsBy(
  runtime: Runtime,
  mapping: Mapping,
  choice: Exclude<RowChoice, { where: WhereOptions }>,
): Promise<LegacyRecord[]> {
  const table = await localTable(runtime.pool, mapping);
  const lookups = mapping.attributes.filter(({ target }) => target !== undefined);
  const joins: string[] = [];
  const members: string[] = [];
  let condition = `t.${table.columns.legacyId} = ANY ($1::uuid[])`;
  for (const [at, { column, target, property }] of lookups.entries()) {
    if (!target) continue;
    const pointedTo = await localTable(runtime.pool, target);
    const { primaryKey, legacyId } = pointedTo.columns;
    joins.push(`LEFT JOIN ${pointedTo.name} p${at} ON p${at}.${primaryKey} = t.${quote(column)}`);
    members.push(`'${property.name.replaceAll("'", "''")}', p${at}.${legacyId}`);
    if ('lookup' in choice && choice.lookup.column === column) {
      condition = `p${at}.${legacyId} = ANY ($1::uuid[])`;
    }
  }
  const rows = await runtime.pool.query<RecordRow>(
    `
SELECT t.${table.columns.legacyId} AS key, jsonb_build_object(${members.join(', ')}) AS lookups
  FROM ${table.name} t ${joins.join(' ')}
 WHERE ${condition} AND t.${table.columns.legacyId} IS NOT NULL`,
    {
      bind: ['keys' in choice ? choice.keys : choice.targets],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  if (!('keys' in choice)) return rows.map(recordOf);
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return choice.keys.flatMap((key) => {
    const row = byKey.get(key);
    return row ? [recordOf(row)] : [];
  });
}

function recordOf({ key, lookups }: RecordRow): LegacyRecord {
  return { key, values: lookups, modifiedOn: null, createdOn: null, version: null, raw: {} };
}
