import { BaseError, ForeignKeyConstraintError } from 'sequelize';
import { LegacyError } from '../../../../legacy-client';
import { RejectedRecordError, SyncError } from '../../../../src';

/** A write that has been refused, as it may be. */
export class Refused extends Error {
  constructor(cause: unknown) {
    super('refused', { cause });
  }
}

/** An error that a write may end in when something stands in its way. */
export function isRefusal(error: unknown): boolean {
  return error instanceof LegacyError || error instanceof SyncError || error instanceof BaseError;
}

/**
 * Whether a record cannot be kept, or written, because it needs one that the transaction has destroyed:
 * the CRM has both until the end, and keeps the other where it refuses the delete then.
 */
export function isOfDestroyed(
  { hasDestroyed }: { readonly hasDestroyed: boolean },
  error: unknown,
): boolean {
  const isOfMissing =
    error instanceof RejectedRecordError || error instanceof ForeignKeyConstraintError;
  return hasDestroyed && isOfMissing;
}
