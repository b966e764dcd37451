import type { CallOptions } from './client';
import type { Dialect, DialectRequest, RequestChoices } from './dialects/dialect';
import { normalisedGuid } from './dialects/guid';
import { MalformedAnswerError, UnsendableError } from './dialects/problems';
import type { LegacyEntity, LegacyRecord } from './entity';
import { LegacyError, LegacyRequestError, LegacyUnavailableError } from './errors';
import { type Answer, logicalMethod } from './exchanger';
import { type PlanningParts, withinUrlLimit } from './list-plan';
import { LongReads, NoBatchError } from './long-reads';
import { readExecuted } from './organization-service';
import type { PageSource } from './pager';
import type { Sender, Sending } from './sender';
import { besideRoot, redactedUrl } from './urls';

/** What {@link Calls} work with. */
export interface CallParts {
  readonly root: string;
  readonly dialect: Dialect;
  readonly sender: Sender;
  readonly pageSize?: number | undefined;
}

/** A create whose record did not come with the answer. */
export interface CreatedElsewhere {
  readonly request: DialectRequest;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A call whose request cannot be spelled. */
interface UnspelledCall {
  readonly entitySet: string;
  readonly method: string;
  readonly index?: number;
}

/** What the client's methods share: from the dialect's request to the dialect's record. */
export class Calls {
  private readonly longReads: LongReads;

  constructor(private readonly parts: CallParts) {
    this.longReads = new LongReads(parts);
  }

  /** What plans of reads depend on. */
  get planning(): PlanningParts {
    const { root, dialect, pageSize } = this.parts;
    return { root, dialect, pageSize, longestUrl: this.longReads.longestUrl };
  }

  /** Whether a read of this address is sent in a batch. */
  goesInBatch(url: string): boolean {
    return this.longReads.goesInBatch(url);
  }

  /** Spell requests; what the dialect cannot spell is thrown as an error of this call. */
  spelled<Spelled>(
    { entitySet }: Pick<LegacyEntity, 'entitySet'>,
    method: string,
    spell: () => Spelled,
  ): Spelled {
    try {
      return spell();
    } catch (error) {
      throw this.unspelled(error, { entitySet, method });
    }
  }

  /** The error of a call whose request the dialect cannot spell; any other error as it is. */
  unspelled(error: unknown, { entitySet, method, index }: UnspelledCall): unknown {
    if (!(error instanceof UnsendableError)) return error;
    const url = `${this.parts.root}/${entitySet}`;
    const details = { method, url, outcome: 'refused', index } as const;
    return new LegacyRequestError(`The request cannot be sent: ${error.message}`, details);
  }

  /** A request for one record below the URL limit. */
  fitting(print: (choices: RequestChoices) => DialectRequest): DialectRequest {
    return withinUrlLimit(this.parts, print);
  }

  /** @throws NoBatchError for a read that is too long to go by itself: plan it again. */
  send(
    { entitySet }: Pick<LegacyEntity, 'entitySet'>,
    request: DialectRequest,
    sending: Omit<Sending, 'request' | 'url' | 'entitySet'>,
  ): Promise<Answer> {
    const reading = request.beside === undefined ? {} : { readParts: readExecuted };
    const url = this.urlOf(request);
    return this.sendAnyLength({ ...reading, ...sending, request, entitySet, url });
  }

  private sendAnyLength(sending: Sending): Promise<Answer> {
    const { request, url } = sending;
    const isLong = request.method === 'GET' && this.longReads.goesInBatch(url);
    return isLong ? this.longReads.send(sending) : this.parts.sender.send(sending);
  }

  record(entity: LegacyEntity, answer: Answer): LegacyRecord {
    const { dialect } = this.parts;
    return this.decoded(answer, () =>
      dialect.decodeRecord(entity, answer.body, answer.headers.etag),
    );
  }

  /** The record of this key: another one is no answer. */
  ownRecord(entity: LegacyEntity, key: string, answer: Answer): LegacyRecord {
    const record = this.record(entity, answer);
    if (record.key === normalisedGuid(key)) return record;
    throw answer.unreadable('it holds another record than the one that was asked for');
  }

  decoded<Decoded>(answer: Answer, decode: () => Decoded): Decoded {
    try {
      return decode();
    } catch (error) {
      throw error instanceof MalformedAnswerError ? answer.unreadable(error.message) : error;
    }
  }

  /**
   * @param options - `plansAgain`: the caller plans anew where a read is too long to go by itself and
   *   there is no batch for it; otherwise it is sent as it is.
   */
  pageSource(
    entity: LegacyEntity,
    { signal, priority, plansAgain = false }: CallOptions & { readonly plansAgain?: boolean },
  ): PageSource {
    const { root, dialect } = this.parts;
    const { entitySet } = entity;
    return {
      root,
      read: (request, url, streamed) =>
        this.readPage(
          { request, url, entitySet, repeatable: true, signal, priority, streamed },
          plansAgain,
        ),
      decode: (answer) => this.decoded(answer, () => dialect.decodePage(entity, answer.body)),
      decodePart: (part) => dialect.decodePage(entity, part).records,
    };
  }

  /** A link that the service itself has made is asked for as it is where there are no batches. */
  private async readPage(sending: Sending, plansAgain: boolean): Promise<Answer> {
    try {
      return await this.sendAnyLength(sending);
    } catch (error) {
      if (!(error instanceof NoBatchError)) throw error;
      if (plansAgain && sending.url === this.urlOf(sending.request)) throw error;
      return await this.parts.sender.send(sending);
    }
  }

  /**
   * Read a record that was created, whatever becomes of the reading.
   *
   * @throws LegacyUnavailableError with outcome `unknown`: a failure here is no refusal.
   */
  async readCreated(
    entity: LegacyEntity,
    { request, key, signal }: CreatedElsewhere,
  ): Promise<LegacyRecord> {
    try {
      if (key === undefined) throw new Error('the answer does not say which record was created');
      const read = this.fitting((choices) => this.parts.dialect.get(entity, key, choices));
      return this.record(entity, await this.send(entity, read, { signal, repeatable: true }));
    } catch (error) {
      throw new LegacyUnavailableError('The created record could not be read', {
        method: logicalMethod(request),
        url: redactedUrl(this.urlOf(request)),
        outcome: 'unknown',
        cause: error instanceof LegacyError ? error : new Error(String(error)),
      });
    }
  }

  private urlOf(request: DialectRequest): string {
    const { root } = this.parts;
    const { beside, path } = request;
    return beside === undefined ? `${root}/${path}` : besideRoot(root, beside);
  }
}
