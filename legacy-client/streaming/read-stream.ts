import type { Readable } from 'node:stream';
import type { TimeLimit } from '../time-limit';

/** Takes elements out of an answer while it arrives. */
export interface AnswerSieve {
  /** @returns a promise when the next chunk must wait. */
  write(chunk: Buffer): Promise<void> | undefined;
  /** What is left of the body. */
  rest(): Buffer;
}

/** A body has more bytes than may be. */
export class TooLargeError extends Error {}

/** What is left of a body when it has come. */
export interface StreamedBody {
  readonly body: Buffer;
  /** All that came, decompressed. */
  readonly bytes: number;
  /** Why the sieve could not go on. */
  readonly failure?: Error;
  /** How long those who take what the sieve finds have let it wait, in milliseconds. */
  readonly waitedMs?: number;
}

/** What reading a stream takes into account. */
export interface StreamReading {
  readonly sieve: AnswerSieve | undefined;
  readonly limit: TimeLimit;
  readonly largestBytes: number;
}

/**
 * Read a body to its end, at the pace of those who take what a sieve finds in it.
 *
 * @throws TooLargeError
 */
export async function readStream(
  stream: Readable,
  { sieve, limit, largestBytes }: StreamReading,
): Promise<StreamedBody> {
  const kept: Buffer[] = [];
  let bytes = 0;
  let waitedMs = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBytes) throw new TooLargeError('The answer is too large');
    if (!sieve) {
      kept.push(chunk);
      continue;
    }
    try {
      const handing = sieve.write(chunk);
      if (handing) waitedMs += await limit.without(handing);
    } catch (error) {
      // Leaving the loop ends the connection: nothing more is read of such a body.
      const failure = error instanceof Error ? error : new Error(String(error));
      return { body: Buffer.alloc(0), bytes, failure };
    }
  }
  return { body: sieve ? sieve.rest() : Buffer.concat(kept), bytes, waitedMs };
}
