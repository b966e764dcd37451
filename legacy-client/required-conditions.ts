import type { LegacyEntity } from './entity';
import { LegacyResponseError } from './errors';

const ANY_VERSION = '*';

/**
 * Writes for services that take none without `If-Match`: where one without is refused for that, it
 * is sent again for whatever version there is.
 */
export class RequiredConditions {
  private readonly entitySets = new Set<string>();

  /** @param send - sends the write under a condition, or under none. */
  async send<Result>(
    { entitySet }: LegacyEntity,
    ifMatch: string | undefined,
    send: (ifMatch: string | undefined) => Promise<Result>,
  ): Promise<Result> {
    const condition = ifMatch ?? (this.entitySets.has(entitySet) ? ANY_VERSION : undefined);
    try {
      return await send(condition);
    } catch (error) {
      if (condition !== undefined || !isMissingCondition(error)) throw error;
    }
    const result = await send(ANY_VERSION);
    this.entitySets.add(entitySet);
    return result;
  }
}

/** NOTE: WCF Data Services says 400 instead of RFC 6585's 428. */
function isMissingCondition(error: unknown): boolean {
  if (!(error instanceof LegacyResponseError)) return false;
  return error.status === 428 || (error.status === 400 && error.method === 'DELETE');
}
