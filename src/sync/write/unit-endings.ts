import { endedAlready } from '../../model/under-way';
import { DualWriteError, InDoubtError, SyncError } from '../errors';
import { named, type Step } from './steps';

const notCommitted = {
  aborted:
    'A statement of this transaction had failed before, so PostgreSQL rolled it back instead of ' +
    'committing it. Let such an error leave the transaction, or use a savepoint.',
  unknown:
    'The local transaction was not committed: its connection was lost. What it had written to the ' +
    'legacy system has been taken back.',
};

/** The transaction did not commit, and nothing of it is left on either side. */
export function undoneWith(outcome: keyof typeof notCommitted, step: Step): DualWriteError {
  return new DualWriteError(notCommitted[outcome], { ...named(step), legacy: 'undone' });
}

/** The transaction may still be under way. */
export function notEndedYet(step: Step): InDoubtError {
  return new InDoubtError(
    'Whether the local transaction has ended is not known yet. Recovery settles the write.',
    named(step),
  );
}

/** The database does not answer. */
export function cannotBeAsked(step: Step, cause: unknown): InDoubtError {
  return new InDoubtError(
    'What became of the local transaction cannot be asked now. Recovery settles the write.',
    { ...named(step), cause },
  );
}

/** Another process was first, and what tells a commit went with what was noted. */
export function settledElsewhere(step: Step): InDoubtError {
  return new InDoubtError(
    'The answer to COMMIT was lost, and a recovery of another process has settled the write: it ' +
      'stands on both sides or on neither. Read the record to learn which.',
    named(step),
  );
}

/** A write that comes too late to be part of its transaction. */
export function begunTooLate(model: string): SyncError {
  return new SyncError(endedAlready, { model });
}

/** A write in a transaction that cannot commit any more. */
export function rolledBackOnly(model: string, cause: Error): SyncError {
  return new SyncError(
    'The transaction can only be rolled back, because of an earlier write in it (see the cause). ' +
      'Nothing more is sent for it. Roll it back, and do all of it again.',
    { model, cause },
  );
}
