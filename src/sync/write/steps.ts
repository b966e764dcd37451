import type { Transaction } from 'sequelize';
import type { LegacyChanges, LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';

interface StepBase {
  readonly mapping: Mapping;
  /** The local primary key. */
  readonly id: unknown;
  /** The legacy key; empty while only the service knows it. */
  key: string;
  /** The savepoints that were open at the time of the write. */
  readonly savepoints: ReadonlySet<Transaction>;
}

/** A record that this unit of work has created, or may have. */
export interface CreateStep extends StepBase {
  readonly operation: 'create';
  /** The record as the service returned it; undefined while the outcome is unknown. */
  after: LegacyRecord | undefined;
  /** The request has certainly come to its end, whatever it did: it cannot arrive later. */
  isOver: boolean;
}

/** A record that this unit of work has changed, or may have. */
export interface UpdateStep extends StepBase {
  readonly operation: 'update';
  readonly sent: LegacyChanges;
  readonly before: LegacyRecord;
  /** The record afterwards; undefined while the outcome is unknown. */
  after: LegacyRecord | undefined;
  /** The request has certainly come to its end, whatever it did: it cannot arrive later. */
  isOver: boolean;
}

/** A record that will be deleted, as the last thing before COMMIT. */
export interface DestroyStep extends StepBase {
  readonly operation: 'destroy';
  isDelivered: boolean;
}

/** One legacy write of a unit of work. */
export type Step = CreateStep | UpdateStep | DestroyStep;
