import type { LegacyEntity, LegacyRecord } from './entity';
import { LegacyNotFoundError, LegacyResponseError } from './errors';

/**
 * What a 404 means where services have no code of their own for "no such record": it may be a
 * proxy's, and it may say that there is no such entity set. A list by key tells.
 */
export class Absences {
  private readonly answering = new Set<string>();

  constructor(private readonly isVague: boolean) {}

  /** Note that the entity set is there. */
  answered({ entitySet }: LegacyEntity): void {
    this.answering.add(entitySet);
  }

  /**
   * Find the error to throw for a failure to read or delete one record.
   *
   * @param list - asks for the same record by a filter.
   * @returns a `LegacyNotFoundError` only when the record is certainly not there.
   */
  async judged(
    error: unknown,
    entity: LegacyEntity,
    list: () => Promise<readonly LegacyRecord[]>,
  ): Promise<unknown> {
    if (!this.isVague || !isNotFound(error)) return error;
    const isCertain = error instanceof LegacyNotFoundError && this.answering.has(entity.entitySet);
    if (isCertain) return error;
    try {
      const found = await list();
      this.answered(entity);
      if (found.length === 0) return asError(LegacyNotFoundError, error, 'There is no such record');
    } catch {
      // The list fails as well, so nothing is known of the record.
    }
    return asError(LegacyResponseError, error, 'The service answered 404 for its own reasons');
  }
}

function isNotFound(error: unknown): error is LegacyResponseError {
  return error instanceof LegacyResponseError && (error.status === 404 || error.status === 410);
}

function asError(
  Kind: typeof LegacyResponseError,
  { status, code, body, answered, method, url, outcome, index }: LegacyResponseError,
  message: string,
): LegacyResponseError {
  return new Kind(message, { status, code, body, answered }, { method, url, outcome, index });
}
