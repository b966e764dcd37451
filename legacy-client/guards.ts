import type { DialectRequest } from './dialects/dialect';
import type { LegacyEntity } from './entity';
import { LegacyConflictError } from './errors';

/** An update under way. */
export interface GuardedUpdate<Result> {
  readonly entity: LegacyEntity;
  readonly request: DialectRequest;
  /** Whether the record is there. */
  exists(): Promise<boolean>;
  send(request: DialectRequest): Promise<Result>;
}

/**
 * Updates for services that do not know `If-Match: *`, which guards against creating what is gone:
 * where it is refused although the record is there, the update is sent without it.
 */
export class Guards {
  private readonly unknownTo = new Set<string>();

  async send<Result>(update: GuardedUpdate<Result>): Promise<Result> {
    const { entity, request } = update;
    if (request.headers['If-Match'] !== '*') return await update.send(request);
    if (this.unknownTo.has(entity.entitySet)) return await update.send(withoutGuard(request));
    try {
      return await update.send(request);
    } catch (error) {
      const isUnmet = error instanceof LegacyConflictError && error.status === 412;
      if (!isUnmet || !(await update.exists())) throw error;
    }
    const result = await update.send(withoutGuard(request));
    this.unknownTo.add(entity.entitySet);
    return result;
  }
}

function withoutGuard({ headers, ...request }: DialectRequest): DialectRequest {
  const left = Object.entries(headers).filter(([name]) => name !== 'If-Match');
  return { ...request, headers: Object.fromEntries(left) };
}
