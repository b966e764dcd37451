import type { LegacyChanges, LegacyRecord } from '../../../../legacy-client';
import type { RevisionFrame } from '../../../model/context';
import type { SyncedInstance } from '../save';
import { isSameRecord, type CreateStep, type DestroyStep, type UpdateStep } from '../steps';
import type { StoredRow } from '../stored-row';
import type { ChangedRow } from '../update';

interface PlannedBase {
  /**
   * The legacy key of the row. Of a record whose key the service chooses it is one of ours, which only
   * this transaction sees, until the service has answered.
   */
  readonly key: string;
}

/** What the writer's side has of a row whose create or update waits. */
interface PlannedRow extends PlannedBase {
  /** They hold the row as it was written, and in the end what the service made of it. */
  readonly instances: readonly SyncedInstance[];
  /** Of the instances, those that hold all of the row. */
  readonly whole: ReadonlySet<SyncedInstance>;
  /** The row as this write has left it. */
  readonly held: StoredRow;
  /** The revision that the versions belong to. */
  readonly revision: RevisionFrame | undefined;
}

/** A record that is going to be created. */
export interface PlannedCreate extends PlannedRow {
  readonly step: CreateStep;
  /** The record will have the key that we send. */
  readonly isKeyKnown: boolean;
}

/** A record that is going to be changed. */
export interface PlannedUpdate extends PlannedRow {
  readonly step: UpdateStep;
  /** What was changed, and what the row held before the first of the writes that were folded. */
  readonly row: ChangedRow;
  /** The record before that, as far as it is known; undefined of one that is going to be created. */
  readonly image: LegacyRecord | undefined;
  /** When the record was read for this write, by the database's clock; undefined: it was not. */
  readonly readAt: Date | undefined;
  /** The properties whose values came of increments. */
  readonly relative: ReadonlySet<string>;
}

/** A record that is going to be deleted. */
export interface PlannedDestroy extends PlannedBase {
  readonly step: DestroyStep;
}

/** A create or an update that waits. */
export type PlannedSave = PlannedCreate | PlannedUpdate;

/** A legacy write that waits for the end of its transaction. */
export type Planned = PlannedSave | PlannedDestroy;

/** Whether a planned write is a create. */
export function isCreate(planned: Planned): planned is PlannedCreate {
  return planned.step.operation === 'create';
}

/** Whether a planned write is an update. */
export function isUpdate(planned: Planned): planned is PlannedUpdate {
  return planned.step.operation === 'update';
}

/** Whether a planned write is a delete. */
export function isDestroy(planned: Planned): planned is PlannedDestroy {
  return planned.step.operation === 'destroy';
}

/** Whether two planned writes concern the same record. */
export function isSamePlanned(one: Planned, other: Planned): boolean {
  if (one.step.mapping.link) return isSameRecord(one.step, other.step);
  return one.step.mapping === other.step.mapping && one.key === other.key;
}

/** Whether values name a record by its key. */
export function names(sent: LegacyChanges, key: string): boolean {
  return Object.values(sent).some(
    (value) => typeof value === 'string' && value.toLowerCase() === key,
  );
}
