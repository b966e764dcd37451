import { randomBytes } from 'node:crypto';
import type { Transaction } from 'sequelize';
import type { LegacyChanges, LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { linkName } from './links';

/** What every legacy write of a unit of work says of itself. */
export interface StepBase {
  /** Of the intent: a positive 64-bit number as text. A reserved one replaces it before it is noted. */
  intentId: string;
  readonly mapping: Mapping;
  /** The local primary key. */
  readonly id: unknown;
  /** The legacy key; empty while only the service knows it. */
  key: string;
  /** The savepoints that were open at the time of the write. */
  readonly savepoints: ReadonlySet<Transaction>;
}

/** A record that a unit of work has created, or may have. */
export interface CreateStep extends StepBase {
  readonly operation: 'create';
  readonly sent: LegacyChanges;
  /** The record as the service returned it; undefined while the outcome is unknown. */
  after: LegacyRecord | undefined;
  /** No other copy of the request was sent: when the record is there, it has come to its end. */
  isSentOnce?: boolean;
  /** The request was repeated although an earlier copy may still be on its way. */
  isRepeated?: boolean;
  /** The request has certainly come to its end, whatever it did: it cannot arrive later. */
  isOver: boolean;
}

/** A record that a unit of work has changed, or may have. */
export interface UpdateStep extends StepBase {
  readonly operation: 'update';
  readonly sent: LegacyChanges;
  /** What the sent properties held before. */
  readonly before: LegacyChanges;
  /** The record afterwards; undefined while the outcome is unknown. */
  after: LegacyRecord | undefined;
  /** The request has certainly come to its end, whatever it did: it cannot arrive later. */
  isOver: boolean;
}

/** A record that will be deleted, or made inactive, as the last thing before COMMIT. */
export interface DestroyStep extends StepBase {
  readonly operation: 'destroy';
  /** Of a link the keys at both ends; of a record that is made inactive its state before; else nothing. */
  readonly sent: LegacyChanges;
  /** Of a record that is made inactive the version that it had then, where the service has versions. */
  readonly version?: string | undefined;
  /** Records that may be deleted at the same time have the same one. */
  readonly group?: object;
  /** The service may have been asked to delete it. */
  isDelivered: boolean;
  /** No request of it can arrive any more. */
  isOver: boolean;
}

/** One legacy write of a unit of work. */
export type Step = CreateStep | UpdateStep | DestroyStep;

/** Whether two writes concern the same record. */
export function isSameRecord(one: Step, other: Step): boolean {
  const { link } = one.mapping;
  if (one.mapping !== other.mapping) return false;
  return link ? linkName(link, one.sent) === linkName(link, other.sent) : one.key === other.key;
}

/** Make the number of a new intent, or of a lock of intents: 62 random bits. */
export function newIntentId(): string {
  return (randomBytes(8).readBigUInt64BE() >> 2n).toString();
}

/** A step as errors and logs name it. */
export function named({
  mapping,
  id,
  key,
  operation,
}: Pick<Step, 'mapping' | 'id' | 'key' | 'operation'>): {
  model: string;
  id: unknown;
  legacyId: string;
  operation: string;
} {
  return { model: mapping.name, id, legacyId: key, operation };
}
