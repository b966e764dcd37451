import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import type { LocalFacts } from '../local-facts';
import type { LocalTable } from '../local-table';
import { isSameDecimal } from './decimals';
import { incomingRows, type IncomingColumn } from './row';

/** The values of a row as Sequelize holds them, by attribute. */
export type LocalValues = Readonly<Record<string, unknown>>;

/** Tells of one row and one record whether they certainly agree. */
export type Agreement = (local: LocalValues, record: LegacyRecord) => boolean;

type Same = (local: unknown, incoming: unknown) => boolean;

/**
 * Compare rows that Sequelize has read with incoming ones, here instead of in PostgreSQL.
 *
 * Only what is equal for certain agrees: contents, stamps, version, not deleted, not ahead, no
 * tombstone and no rejection. Whatever else is left to PostgreSQL, which may find that a difference
 * is none (a text that a column's type folds, say). So each kind below may say no too often, and
 * must never say yes wrongly.
 */
export function agreementOf(mapping: Mapping, table: LocalTable, facts: LocalFacts): Agreement {
  const deletedAt = deletedAtOf(mapping);
  const isSame = mapping.definition.fromLegacy
    ? sameWithHook(mapping, table, facts)
    : sameContents(mapping, table, facts);
  return (local, record) =>
    isSettled(local, record) &&
    (deletedAt === undefined || local[deletedAt] === null) &&
    !facts.isMarked(mapping, record.key) &&
    isSame(local, record);
}

/** Both sides have the same stamps, and there are no local changes. */
function isSettled(
  { legacyModifiedAt, modifiedAt, legacyVersion }: LocalValues,
  { modifiedOn, version }: LegacyRecord,
): boolean {
  if (!(legacyModifiedAt instanceof Date) || !(modifiedAt instanceof Date)) return false;
  if (!(modifiedAt.getTime() <= legacyModifiedAt.getTime())) return false;
  const isSameStamp = modifiedOn === null || modifiedOn.getTime() === legacyModifiedAt.getTime();
  return isSameStamp && legacyVersion === version;
}

/** NOTE: a read of a thousand rows compares tens of thousands of values here: nothing is made. */
function sameContents(mapping: Mapping, table: LocalTable, facts: LocalFacts): Agreement {
  const compared = mapping.attributes.map((mapped) => ({
    mapped,
    attribute: mapped.attribute,
    property: mapped.property.name,
    same: sameIn(table, facts, { column: mapped.column, lookup: mapped }),
  }));
  return (local, { values }) => {
    try {
      for (const { mapped, attribute, property, same } of compared) {
        if (!same(local[attribute], mapped.fromLegacy(values[property] ?? null))) return false;
      }
      return true;
    } catch {
      // What the mapping cannot convert is rejected by the refresh.
      return false;
    }
  };
}

/** What a hook makes of a record may stand in any column. */
function sameWithHook(mapping: Mapping, table: LocalTable, facts: LocalFacts): Agreement {
  const attributes = attributesByColumn(mapping);
  return (local, record) => {
    const { rows, columns } = incomingRows(mapping, [record]);
    const [row] = rows;
    if (!row) return false;
    return columns.every((one) =>
      sameIn(table, facts, one)(local[attributes.get(one.column) ?? ''], row.values[one.column]),
    );
  };
}

function attributesByColumn({ model }: Mapping): Map<string, string> {
  const attributes = Object.entries(model.getAttributes());
  return new Map(attributes.map(([name, { field }]) => [field ?? name, name]));
}

/** The attribute that marks deleted rows of a paranoid model. */
export function deletedAtOf({ model }: Mapping): string | undefined {
  const { paranoid, deletedAt } = model.options;
  if (!paranoid) return undefined;
  return typeof deletedAt === 'string' ? deletedAt : 'deletedAt';
}

/** A foreign key and the legacy key of a record refer to the same thing. */
function sameTarget(target: Mapping, facts: LocalFacts): Same {
  return (local, incoming) => {
    if (isAbsent(local, incoming)) return true;
    if (local === null || local === undefined || typeof incoming !== 'string') return false;
    return facts.legacyKey(target, local) === incoming;
  };
}

/** NOTE: the JSON that PostgreSQL would be given has no member for undefined: that is null there. */
function isAbsent(local: unknown, incoming: unknown): boolean {
  return local === null && (incoming === null || incoming === undefined);
}

function sameIn(table: LocalTable, facts: LocalFacts, { column, lookup }: IncomingColumn): Same {
  if (lookup?.target) return sameTarget(lookup.target, facts);
  const same = sameValue(table.typeOf(column) ?? '');
  return (local, incoming) =>
    local !== undefined && (isAbsent(local, incoming) || same(local, incoming));
}

function sameValue(type: string): Same {
  const numeric = /^numeric(?:\(\d+,(\d+)\))?$/.exec(type);
  if (numeric) {
    const scale = numeric[1] === undefined ? undefined : Number(numeric[1]);
    return (local, incoming) =>
      typeof local === 'string' &&
      typeof incoming === 'string' &&
      isSameDecimal(local, incoming, scale);
  }
  if (/^timestamp(?:\(\d\))? with time zone$/.test(type)) return isSameInstant;
  if (type === 'bigint') return (local, incoming) => local === incoming || local === text(incoming);
  if (type === 'double precision') return isSameDouble;
  if (plainLists.test(type)) return isSameList;
  return (local, incoming) => local === incoming;
}

/** Lists whose elements come as what they are. */
const plainLists = /^(text|character varying|integer|boolean|uuid)\[\]$/;

function isSameList(local: unknown, incoming: unknown): boolean {
  if (!Array.isArray(local) || !Array.isArray(incoming)) return false;
  return local.length === incoming.length && local.every((one, at) => one === incoming[at]);
}

function isSameInstant(local: unknown, incoming: unknown): boolean {
  return (
    local instanceof Date && incoming instanceof Date && local.getTime() === incoming.getTime()
  );
}

/** `pg` gives 64-bit numbers as text. */
function text(incoming: unknown): string | undefined {
  return Number.isSafeInteger(incoming) ? String(incoming) : undefined;
}

function isSameDouble(local: unknown, incoming: unknown): boolean {
  if (local === incoming) return true;
  return typeof incoming === 'string' && incoming.trim() !== '' && local === Number(incoming);
}
