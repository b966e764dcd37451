import { Absences } from './absences';
import type { BatchOperation, BatchResult } from './batch/operation';
import { sendBatch } from './batch/send-batch';
import type {
  CallOptions,
  ConditionalOptions,
  CreateOptions,
  LegacyChanges,
  LegacyClient,
  LinkedPage,
  LinkedPagesOptions,
  PlannedRequest,
} from './client';
import { type CallParts, Calls } from './calls';
import { type ChangePage, changesOf, type ChangesOptions, keysOf } from './changes';
import { Counting } from './counting';
import { createdKey } from './created-key';
import { Guards } from './guards';
import type { Dialect, DialectRequest } from './dialects/dialect';
import { MalformedAnswerError } from './dialects/problems';
import type { LegacyEntity, LegacyRecord } from './entity';
import { hasEnded, LegacyConflictError, LegacyError } from './errors';
import type { Answer } from './exchanger';
import type { AssociateOptions, LegacyLink, LinkedKeys } from './link';
import { linkedPagesOf } from './linked-pages';
import { planCount, planList } from './list-plan';
import { plannedPages } from './planned-pages';
import { readCsdl, type ServiceMetadata } from './metadata';
import { presentRecord, withAbsent } from './presence';
import type { LegacyFilter, LegacyQuery } from './query';
import { RequiredConditions } from './required-conditions';
import type { LegacyIdentity, WhoAmIOptions } from './who-am-i/identity';
import { whoAmI, type WhoAmIParts } from './who-am-i/who-am-i';
import { sendAssociate, sendDisassociate } from './send-link';

/** What an {@link ODataClient} works with. */
export interface ODataClientParts extends CallParts, WhoAmIParts {
  readonly maxConcurrency: number;
  readonly onClose: () => void;
}

/** The {@link LegacyClient} over HTTP. */
export class ODataClient implements LegacyClient {
  readonly baseUrl: string;
  readonly dialect: Dialect;

  private readonly calls: Calls;
  private readonly absences: Absences;
  private readonly counting: Counting;
  private readonly conditions = new RequiredConditions();
  private readonly guards = new Guards();

  constructor(private readonly parts: ODataClientParts) {
    this.baseUrl = parts.root;
    this.dialect = parts.dialect;
    this.calls = new Calls(parts);
    this.counting = new Counting(parts, this.calls);
    this.absences = new Absences(parts.dialect.vagueNotFound === true);
  }

  async list(
    entity: LegacyEntity,
    query?: LegacyQuery,
    options?: CallOptions,
  ): Promise<LegacyRecord[]> {
    const records = new Map<string, LegacyRecord>();
    for await (const page of this.pages(entity, query, options)) {
      for (const record of page) if (!records.has(record.key)) records.set(record.key, record);
    }
    return [...records.values()];
  }

  async *pages(
    entity: LegacyEntity,
    query: LegacyQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<readonly LegacyRecord[], void, undefined> {
    const parts = { calls: this.calls, maxConcurrency: this.parts.maxConcurrency };
    yield* plannedPages(parts, { entity, query }, options);
  }

  linkedPages(
    entity: LegacyEntity,
    query: LegacyQuery = {},
    options: LinkedPagesOptions = {},
  ): AsyncIterable<LinkedPage> {
    return linkedPagesOf({ ...this.parts, calls: this.calls }, { entity, query }, options);
  }

  async get(entity: LegacyEntity, key: string, options: CallOptions = {}): Promise<LegacyRecord> {
    const request = this.calls.spelled(entity, 'GET', () =>
      this.calls.fitting((choices) => this.dialect.get(entity, key, choices)),
    );
    const answer = await this.sureOfAbsence(entity, { ...options, key }, () =>
      this.calls.send(entity, request, { ...options, repeatable: true }),
    );
    this.absences.answered(entity);
    const record = this.calls.ownRecord(entity, key, answer);
    return presentRecord(entity, record, this.planned(request));
  }

  async create(
    entity: LegacyEntity,
    values: LegacyChanges,
    { key, signal, onRepeat }: CreateOptions = {},
  ): Promise<LegacyRecord> {
    const request = this.calls.spelled(entity, 'POST', () =>
      this.calls.fitting((choices) =>
        this.dialect.create(entity, values, { ...choices, ...(key === undefined ? {} : { key }) }),
      ),
    );
    const repeatable = this.dialect.idempotentCreate && key !== undefined;
    const earlier = { mayHaveCreated: false };
    const onUncertainRepeat = (failed: LegacyError): void => {
      earlier.mayHaveCreated = true;
      if (!hasEnded(failed)) onRepeat?.();
    };
    try {
      const answer = await this.calls.send(entity, request, {
        signal,
        repeatable,
        onUncertainRepeat,
      });
      if (answer.body !== undefined) return this.calls.record(entity, answer);
      const named = createdKey(answer.headers) ?? key;
      return await this.calls.readCreated(entity, { request, key: named, signal });
    } catch (error) {
      // A lost first try has made the record that the second one ran into.
      if (!earlier.mayHaveCreated || !(error instanceof LegacyConflictError)) throw error;
      return await this.calls.readCreated(entity, { request, key, signal });
    }
  }

  async update(
    entity: LegacyEntity,
    key: string,
    changes: LegacyChanges,
    { ifMatch, signal }: ConditionalOptions = {},
  ): Promise<LegacyRecord | undefined> {
    if (Object.keys(changes).length === 0) return undefined;
    const send = (condition: string | undefined): Promise<Answer> => {
      const given = condition === undefined ? {} : { ifMatch: condition };
      const request = this.calls.spelled(entity, 'MERGE', () =>
        this.calls.fitting((choices) =>
          this.dialect.update(entity, key, changes, { ...choices, ...given }),
        ),
      );
      return this.guards.send({
        entity,
        request,
        exists: () => this.exists(entity, key, signal),
        send: (guarded) => this.calls.send(entity, guarded, { signal, repeatable: false }),
      });
    };
    const answer = await this.conditions.send(entity, ifMatch, send);
    return answer.body === undefined ? undefined : this.calls.ownRecord(entity, key, answer);
  }

  async delete(
    entity: LegacyEntity,
    key: string,
    { ifMatch, signal }: ConditionalOptions = {},
  ): Promise<void> {
    const send = async (condition: string | undefined): Promise<void> => {
      const request = this.calls.spelled(entity, 'DELETE', () =>
        this.dialect.delete(entity, key, condition),
      );
      await this.calls.send(entity, request, { signal, repeatable: false });
    };
    await this.sureOfAbsence(entity, { key, signal }, () =>
      this.conditions.send(entity, ifMatch, send),
    );
  }

  private async exists(
    entity: LegacyEntity,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (this.dialect.vagueNotFound !== true) return false;
    return this.get(withAbsent(entity), key, { signal }).then(
      () => true,
      () => false,
    );
  }

  private async sureOfAbsence<Result>(
    entity: LegacyEntity,
    { key, ...options }: { key: string; signal?: AbortSignal | undefined },
    send: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await send();
    } catch (error) {
      const property = { name: entity.key, kind: 'guid' } as const;
      const filter = { op: 'eq', property, value: key } as const;
      const list = (): Promise<LegacyRecord[]> => this.list(entity, { filter }, options);
      throw await this.absences.judged(error, entity, list);
    }
  }

  async associate(
    link: LegacyLink,
    keys: LinkedKeys,
    options: AssociateOptions = {},
  ): Promise<void> {
    await sendAssociate({ ...this.parts, calls: this.calls }, { link, keys }, options);
  }

  async disassociate(link: LegacyLink, keys: LinkedKeys, options: CallOptions = {}): Promise<void> {
    await sendDisassociate({ ...this.parts, calls: this.calls }, { link, keys }, options);
  }

  async batch(
    operations: readonly BatchOperation[],
    options: CallOptions = {},
  ): Promise<BatchResult[]> {
    const parts = { ...this.parts, calls: this.calls };
    try {
      return await this.conditions.sendAll(operations, (conditioned) =>
        sendBatch(parts, conditioned, options),
      );
    } catch (error) {
      if (!(error instanceof LegacyError)) throw error;
      const failed = operations[error.index ?? -1];
      if (failed?.kind !== 'delete') throw error;
      const { entity, key } = failed;
      return await this.sureOfAbsence(entity, { key, ...options }, () => Promise.reject(error));
    }
  }

  async count(
    entity: LegacyEntity,
    filter?: LegacyFilter,
    options: CallOptions = {},
  ): Promise<number | undefined> {
    return await this.counting.count(entity, filter, options);
  }

  changes(entity: LegacyEntity, options: ChangesOptions = {}): AsyncIterable<ChangePage> {
    const pages = this.pages.bind(this);
    return changesOf({ ...this.parts, calls: this.calls, pages }, entity, options);
  }

  keys(entity: LegacyEntity, options: CallOptions = {}): AsyncIterable<readonly string[]> {
    const pages = this.pages.bind(this);
    return keysOf({ ...this.parts, calls: this.calls, pages }, entity, options);
  }

  listRequests(entity: LegacyEntity, query: LegacyQuery = {}): readonly PlannedRequest[] {
    const plan = this.calls.spelled(entity, 'GET', () =>
      planList(this.calls.planning, entity, query),
    );
    return plan.requests.map((request) => this.planned(request));
  }

  countRequests(
    entity: LegacyEntity,
    filter?: LegacyFilter,
  ): readonly PlannedRequest[] | undefined {
    const requests = this.calls.spelled(entity, 'GET', () =>
      planCount(this.calls.planning, entity, filter),
    );
    return requests?.map((request) => this.planned(request));
  }

  private planned({ method, path }: DialectRequest): PlannedRequest {
    const url = `${this.baseUrl}/${path}`;
    return this.calls.goesInBatch(url) ? { method, url, inBatch: true } : { method, url };
  }

  async metadata(options: CallOptions = {}): Promise<ServiceMetadata> {
    const headers = { Accept: 'application/xml' };
    const request = { method: 'GET', path: '$metadata', headers } as const;
    const answer = await this.calls.send({ entitySet: '$metadata' }, request, {
      ...options,
      repeatable: true,
    });
    return this.calls.decoded(answer, () => metadataOf(answer.body));
  }

  async whoAmI(options: WhoAmIOptions = {}): Promise<LegacyIdentity> {
    return await whoAmI(this.parts, options);
  }

  close(): void {
    this.parts.onClose();
  }
}

function metadataOf(body: unknown): ServiceMetadata {
  if (typeof body !== 'string') throw new MalformedAnswerError('no $metadata document came');
  try {
    return readCsdl(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new MalformedAnswerError(error.message);
  }
}
