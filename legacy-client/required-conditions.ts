import type { BatchOperation } from './batch/operation';
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

  /** The same for a batch, which is refused as a whole. */
  async sendAll<Result>(
    operations: readonly BatchOperation[],
    send: (operations: readonly BatchOperation[]) => Promise<Result>,
  ): Promise<Result> {
    const known = operations.map((operation) =>
      isBare(operation) && this.entitySets.has(operation.entity.entitySet)
        ? { ...operation, ifMatch: ANY_VERSION }
        : operation,
    );
    const bare = known.filter(isBare);
    try {
      return await send(known);
    } catch (error) {
      if (bare.length === 0 || !isMissingCondition(error)) throw error;
    }
    const result = await send(
      known.map((one) => (isBare(one) ? { ...one, ifMatch: ANY_VERSION } : one)),
    );
    for (const { entity } of bare) this.entitySets.add(entity.entitySet);
    return result;
  }
}

type Conditional = Extract<BatchOperation, { kind: 'update' | 'delete' }>;

function isBare(operation: BatchOperation): operation is Conditional {
  const { kind } = operation;
  return (kind === 'update' || kind === 'delete') && operation.ifMatch === undefined;
}

/** NOTE: WCF Data Services says 400 instead of RFC 6585's 428. */
function isMissingCondition(error: unknown): boolean {
  if (!(error instanceof LegacyResponseError)) return false;
  return error.status === 428 || (error.status === 400 && error.method === 'DELETE');
}
