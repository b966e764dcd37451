import type { LegacyOutcome } from '../../legacy-client';

/** Which record an error of the sync layer speaks of. */
export interface SyncErrorDetails {
  /** The model's name. */
  readonly model: string;
  /** The local primary key. */
  readonly id?: unknown;
  /** The legacy key, a GUID. */
  readonly legacyId?: string | null;
  readonly cause?: unknown;
}

function recordName({ id, legacyId }: SyncErrorDetails): string {
  if (legacyId) return legacyId;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
}

/** A call on a synced model that cannot be answered or carried out. */
export class SyncError extends Error {
  readonly model: string;
  readonly id?: unknown;
  readonly legacyId?: string | null;

  constructor(message: string, details: SyncErrorDetails) {
    const prefix = [details.model, recordName(details)].filter(Boolean).join('|');
    super(`[${prefix}] ${message}`, { cause: details.cause });
    this.name = new.target.name;
    this.model = details.model;
    this.id = details.id;
    this.legacyId = details.legacyId;
  }
}

/** The model's Sequelize instance has no legacy system connected, or the model no migrator. */
export class NotConnectedError extends SyncError {}

/** A row that another transaction holds: it is free when that ends. */
export class LockedRowError extends SyncError {}

/** A call that is not synced; the message names what to use instead. */
export class UnsupportedCallError extends SyncError {
  readonly call: string;

  constructor(call: string, instead: string, details: SyncErrorDetails) {
    super(
      `${call} is not synced with the legacy system: ${instead} For a local-only call say so: ` +
        `${details.model}.skipLegacy() or { skipLegacy: true }.`,
      details,
    );
    this.call = call;
  }
}

/** A field that the mapping would need and does not have. */
export class UnmappedFieldError extends SyncError {
  readonly field: string;

  constructor(field: string, details: SyncErrorDetails) {
    super(
      `${field}, which the toLegacy hook sends, is not mapped. Add it to the migrator's fields, or to ` +
        `its properties.`,
      details,
    );
    this.field = field;
  }
}

/** A query that no legacy filter can bound, on a model that may not be fetched as a whole. */
export class UntranslatableQueryError extends SyncError {
  readonly reason: string;

  constructor(reason: string, details: SyncErrorDetails) {
    super(
      `No legacy filter can bound this query: ${reason}. Add a condition on a mapped field, or ` +
        `allow the whole entity to be fetched with onUnbounded: 'allow' in the migrator.`,
      details,
    );
    this.reason = reason;
  }
}

/** A row with local changes that the legacy system does not have. */
export interface AheadRow {
  readonly id: unknown;
  readonly legacyId: string | null;
  readonly localModifiedAt: Date | null;
  /** Null for a row that the legacy system has never had. */
  readonly legacyModifiedAt: Date | null;
}

/** A synced read met rows that are ahead of the legacy system. */
export class NotInSyncError extends SyncError {
  readonly rows: readonly AheadRow[];
  readonly localModifiedAt: Date | null;
  readonly legacyModifiedAt: Date | null;

  constructor(model: string, rows: readonly [AheadRow, ...AheadRow[]]) {
    const [first] = rows;
    const named = rows.slice(0, 5).map((row) => String(row.id));
    const more = rows.length > named.length ? ` and ${rows.length - named.length} more` : '';
    super(
      `${rows.length === 1 ? '1 row is' : `${rows.length} rows are`} ahead of the legacy system ` +
        `(${named.join(', ')}${more}): local changes of a call that skipped it, or rows from before ` +
        `the library. Have them sent with onLocalAhead: 'push' in the migrator, ` +
        `replaced with 'overwrite', or settle one with "dual-write repair".`,
      { model, id: first.id, legacyId: first.legacyId },
    );
    this.rows = rows;
    this.localModifiedAt = first.localModifiedAt;
    this.legacyModifiedAt = first.legacyModifiedAt;
  }
}

/** One record that cannot be kept locally. */
export interface RejectedRecord {
  readonly legacyId: string;
  /** PostgreSQL's or the mapping's own words. */
  readonly reason: string;
}

/** A read needs records that the local table cannot take. */
export class RejectedRecordError extends SyncError {
  readonly records: readonly RejectedRecord[];

  constructor(model: string, records: readonly [RejectedRecord, ...RejectedRecord[]]) {
    const [first] = records;
    super(
      `${records.length} legacy record(s) cannot be kept locally; the first: ${first.reason}. ` +
        `Correct the record in the legacy system or the column here, or set onRejected: 'skip'.`,
      { model, legacyId: first.legacyId },
    );
    this.records = records;
  }
}

/**
 * The two values of a field that both sides changed, as they go over the wire: of a reference the legacy
 * key, of an option its number.
 */
export interface FieldConflict {
  /** The value when both sides last agreed. */
  readonly base: unknown;
  readonly local: unknown;
  readonly legacy: unknown;
}

/** A write that the migrator's conflict rule refuses. */
export class SyncConflictError extends SyncError {
  /** By attribute. */
  readonly fields: Readonly<Record<string, FieldConflict>>;

  constructor(fields: Readonly<Record<string, FieldConflict>>, details: SyncErrorDetails) {
    super(
      `The legacy record has changed since it was read (${Object.keys(fields).join(', ')}). ` +
        `Reload the record and decide again.`,
      details,
    );
    this.fields = fields;
  }
}

/** The outcome of a write on this record is not known yet. */
export class InDoubtError extends SyncError {
  readonly outcome: LegacyOutcome = 'unknown';
}

/** What became of the legacy side of a failed unit of work. */
export type LegacyFate = 'applied' | 'undone' | 'unknown';

/** A unit of work that ended on the local side and could not be made to end so on the other. */
export class DualWriteError extends SyncError {
  /** `create`, `update`, `destroy` */
  readonly operation: string;
  /** What the legacy system now holds of the write. */
  readonly legacy: LegacyFate;

  constructor(
    message: string,
    details: SyncErrorDetails & { readonly operation: string; readonly legacy: LegacyFate },
  ) {
    super(`${message} (${details.operation}; legacy: ${details.legacy})`, details);
    this.operation = details.operation;
    this.legacy = details.legacy;
  }
}
