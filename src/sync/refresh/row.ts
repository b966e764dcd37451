import type { LegacyRecord, LegacyValue } from '../../../legacy-client';
import type { MappedAttribute, Mapping } from '../../mapping';
import type { RejectedRecord } from '../errors';

/** A legacy record as it would stand in the local table. */
export interface IncomingRow {
  readonly record: LegacyRecord;
  /** The legacy key. */
  readonly key: string;
  /** UTC; null where the server has no stamp. */
  readonly modifiedOn: Date | null;
  readonly createdOn: Date | null;
  readonly version: string | null;
  /** By column: local values, but for a lookup the legacy key of the record that it points to. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** A mapped column: where its value comes from and how it is stored. */
export interface IncomingColumn {
  readonly column: string;
  readonly lookup: MappedAttribute | undefined;
}

/** Rows of one model, all with the same columns. */
export interface IncomingRows {
  readonly columns: readonly IncomingColumn[];
  readonly rows: readonly IncomingRow[];
  readonly rejected: readonly RejectedRecord[];
}

/**
 * Convert decoded records to rows. A record that the mapping cannot convert is rejected with the
 * reason; the others go on. Of two records with one key (pages may overlap) the later one counts.
 */
export function incomingRows(mapping: Mapping, records: readonly LegacyRecord[]): IncomingRows {
  const byKey = new Map<string, IncomingRow>();
  const rejected: RejectedRecord[] = [];
  const extra = new Set<string>();
  for (const record of records) {
    try {
      byKey.set(record.key, incomingRow(mapping, record, extra));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      rejected.push({ legacyId: record.key, reason });
    }
  }
  const mapped = mapping.attributes.map((attribute) => ({
    column: attribute.column,
    lookup: attribute.target ? attribute : undefined,
  }));
  const hooked = [...extra].map((column) => ({ column, lookup: undefined }));
  // Every process locks rows in the same order.
  const rows = [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { columns: [...mapped, ...hooked], rows, rejected };
}

function incomingRow(mapping: Mapping, record: LegacyRecord, extra: Set<string>): IncomingRow {
  if (record.unreadable !== undefined) throw new TypeError(record.unreadable);
  const values: Record<string, unknown> = {};
  for (const mapped of mapping.attributes) {
    const value: LegacyValue = record.values[mapped.property.name] ?? null;
    values[mapped.column] = mapped.fromLegacy(value);
  }
  Object.assign(values, hookedValues(mapping, record, extra));
  return {
    record,
    key: record.key,
    modifiedOn: record.modifiedOn,
    createdOn: record.createdOn,
    version: record.version,
    values,
  };
}

/** What the mapping's own hook makes of a record, by column. */
function hookedValues(
  mapping: Mapping,
  record: LegacyRecord,
  extra: Set<string>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const changed = ownValues(mapping, record);
  for (const [attribute, value] of Object.entries(changed)) {
    const mapped = mapping.byAttribute.get(attribute);
    const column = mapped?.column ?? mapping.model.getAttributes()[attribute]?.field ?? attribute;
    if (!mapped) extra.add(column);
    // Filters speak of mapped properties: a hook that changed such a value would make them wrong.
    if (mapped && mapped.comparable !== 'none') {
      throw new TypeError(
        `The fromLegacy hook changes ${attribute}, which is mapped one to one. Map it with ` +
          `field.custom instead.`,
      );
    }
    values[column] = value;
  }
  return values;
}

type OwnValues = Readonly<Record<string, unknown>>;

/** What hooks have made of records, by hook: a record is compared, and perhaps stored, after that. */
const made = new WeakMap<object, WeakMap<LegacyRecord, () => OwnValues>>();

/** What the hook gives, or throws; it runs once for each record that was fetched. */
function ownValues({ name: model, definition }: Mapping, record: LegacyRecord): OwnValues {
  if (!definition.fromLegacy) return {};
  const byRecord = made.get(definition) ?? new WeakMap<LegacyRecord, () => OwnValues>();
  made.set(definition, byRecord);
  const known =
    byRecord.get(record) ??
    settledHook(() => definition.fromLegacy?.(record, { model, operation: 'refresh' }) ?? {});
  byRecord.set(record, known);
  return known();
}

function settledHook(run: () => OwnValues): () => OwnValues {
  try {
    const values = run();
    return () => values;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
