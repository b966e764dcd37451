import type { Calls } from './calls';
import type { CallOptions } from './client';
import type { LegacyEntity } from './entity';
import { LegacyResponseError } from './errors';
import { planCount, type PlanningParts } from './list-plan';
import { NoBatchError } from './long-reads';
import type { LegacyFilter } from './query';

const NOT_OFFERED = new Set([404, 405, 501]);

/** Counts by the service, as long as it has them. */
export class Counting {
  private isMissing = false;

  constructor(
    private readonly parts: PlanningParts,
    private readonly calls: Calls,
  ) {}

  /** @returns undefined where the service cannot count, or says so. */
  async count(
    entity: LegacyEntity,
    filter: LegacyFilter | undefined,
    options: CallOptions,
  ): Promise<number | undefined> {
    if (this.isMissing) return undefined;
    try {
      return await this.ask(entity, filter, options);
    } catch (error) {
      if (!this.isRefusal(error)) throw error;
      this.isMissing = NOT_OFFERED.has(error.status);
      return undefined;
    }
  }

  private async ask(...of: Parameters<Counting['askOnce']>): ReturnType<Counting['askOnce']> {
    try {
      return await this.askOnce(...of);
    } catch (error) {
      if (!(error instanceof NoBatchError)) throw error;
      return await this.askOnce(...of);
    }
  }

  private async askOnce(
    entity: LegacyEntity,
    filter: LegacyFilter | undefined,
    options: CallOptions,
  ): Promise<number | undefined> {
    const { dialect } = this.parts;
    const requests = this.calls.spelled(entity, 'GET', () =>
      planCount(this.calls.planning, entity, filter),
    );
    const counts = requests?.map(async (request) => {
      const answer = await this.calls.send(entity, request, { ...options, repeatable: true });
      return this.calls.decoded(answer, () => dialect.decodeCount(answer.body));
    });
    if (counts === undefined) return undefined;
    const exact = (await Promise.all(counts)).filter((count) => count !== undefined);
    return exact.length < counts.length ? undefined : exact.reduce((sum, one) => sum + one, 0);
  }

  /** NOTE: not every service of OData has `/$count`, and some have it without `$filter`. */
  private isRefusal(error: unknown): error is LegacyResponseError {
    if (this.parts.dialect.vagueNotFound !== true) return false;
    if (!(error instanceof LegacyResponseError)) return false;
    return NOT_OFFERED.has(error.status) || error.status === 400;
  }
}
