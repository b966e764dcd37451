import { batchOfRead, readOnlyPart } from './batch/read-in-batch';
import type { Dialect } from './dialects/dialect';
import { LegacyLoginError, LegacyResponseError } from './errors';
import type { Answer } from './exchanger';
import type { Sender, Sending } from './sender';

/** The service has no `$batch` that takes a GET: what was to be read has to be asked otherwise. */
export class NoBatchError extends Error {
  /** @param refusal - what the service said to the batch. */
  constructor(readonly refusal: LegacyResponseError) {
    super('The service has no $batch for reads');
    this.name = 'NoBatchError';
  }
}

/** Statuses of services that do not know `$batch`, or not in this form; 2xx: something else came. */
const NOT_OFFERED = new Set([200, 202, 204, 400, 404, 405, 406, 411, 413, 415, 500, 501]);

/** What may be a passing trouble of the service is not believed for longer, in milliseconds. */
const DOUBTED_MS = 300_000;

/** What {@link LongReads} work with. */
export interface LongReadsParts {
  readonly root: string;
  readonly dialect: Dialect;
  readonly sender: Sender;
}

/**
 * Reads whose URL is longer than the service takes: each goes as the GET of a `$batch`, until the
 * service turns out to have none.
 */
export class LongReads {
  #missingUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: LongReadsParts) {}

  /** Characters that the URL of a read may have, one way or the other. */
  get longestUrl(): number {
    const { batch, maxUrlLength, maxBatchUrlLength = 0 } = this.parts.dialect;
    if (!batch || performance.now() < this.#missingUntil) return maxUrlLength;
    return Math.max(maxUrlLength, maxBatchUrlLength);
  }

  /** Whether a read of this address goes in a batch. */
  goesInBatch(url: string): boolean {
    const { length } = url;
    return length > this.parts.dialect.maxUrlLength && length <= this.longestUrl;
  }

  /**
   * Send a read in a batch. It is repeated as a read is, since it is one.
   *
   * @param sending - of the read itself.
   * @throws LegacyError of the read. {@link NoBatchError} when the service has no such batch.
   */
  async send(sending: Sending): Promise<Answer> {
    const { root, sender } = this.parts;
    const { request, url } = sending;
    let ofWhole: unknown;
    const readParts = readOnlyPart((error) => {
      ofWhole = error;
    });
    const carrier = batchOfRead(this.parts, request, url);
    const carries = { method: request.method, url };
    // Taken apart as a whole, so nothing of it can be handed over while it arrives.
    const whole = { readParts, streamed: undefined };
    const batch = { request: carrier, url: `${root}/$batch`, carries, ...whole };
    try {
      const { parts } = await sender.send({ ...sending, ...batch });
      const [answer] = parts;
      if (answer === undefined) throw new Error('A batch of one read is answered by one part');
      return answer;
    } catch (error) {
      if (error !== ofWhole || !saysNoBatch(error)) throw error;
      const isDoubtful = error.status === 500;
      this.#missingUntil = isDoubtful ? performance.now() + DOUBTED_MS : Number.POSITIVE_INFINITY;
      throw new NoBatchError(error);
    }
  }
}

function saysNoBatch(error: unknown): error is LegacyResponseError {
  if (!(error instanceof LegacyResponseError) || error instanceof LegacyLoginError) return false;
  return NOT_OFFERED.has(error.status);
}
