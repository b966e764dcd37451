import type { FindOptions } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { idText, legacyKeys } from '../query/bound-of-options';
import { placeOf, type RefreshScope } from '../refresh/scope';

/** What a record is, and what it refers to: all that is kept of it once it is stored. */
export type Pointer = Pick<LegacyRecord, 'key' | 'values'>;

/** What rows refer to that the caller's transaction has changed, and not sent yet. */
export async function pendingPointers(scope: RefreshScope, mapping: Mapping): Promise<Pointer[]> {
  const { runtime, caller, pendingKeys } = scope;
  const keys = [...(pendingKeys.get(mapping) ?? [])];
  const options = { where: { legacyId: keys }, transaction: caller, raw: true, hooks: false };
  const found: unknown[] = await mapping.model
    .unscoped()
    .findAll({ ...options, skipLegacy: true } as FindOptions);
  const rows = found as Readonly<Record<string, unknown>>[];
  const values = rows.map((): Record<string, string | null> => ({}));
  for (const { attribute, property, target } of mapping.attributes) {
    if (!target) continue;
    const ids = rows.map((row) => row[attribute]).filter((id) => id !== null && id !== undefined);
    const targets = await legacyKeys(runtime, placeOf(scope), { mapping: target, ids });
    for (const [index, row] of rows.entries()) {
      const own = values[index];
      if (own) own[property.name] = targets.get(idText(row[attribute])) ?? null;
    }
  }
  return rows.map((row, index) => ({ key: String(row.legacyId), values: values[index] ?? {} }));
}
