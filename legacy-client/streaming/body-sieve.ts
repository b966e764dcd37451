import { AtomSieve } from './atom-sieve';
import { JsonSieve } from './json-sieve';
import type { AnswerSieve } from './read-stream';

/** So much of a list is taken out at a time, in bytes; answers up to this size come whole. */
const PIECE_BYTES = 256 * 1024;

/** Takes the complete elements of a long list out of its answer, while it arrives. */
export interface Sieve {
  /** @returns elements that are complete, as parts of a list in the shape of the whole answer. */
  sift(chunk: Buffer): readonly unknown[];
  /** What is left: the answer without the elements that were taken out. */
  rest(): Buffer;
}

/** Is given a part of a list, in the shape of a whole answer; what it returns is waited for. */
export type TakePart = (part: unknown) => Promise<void>;

/**
 * Collects the body of an answer. Where it is a list of JSON or Atom that is longer than one piece,
 * elements are handed on as soon as they are complete, so that neither its text nor its elements are in
 * memory as a whole.
 *
 * What is handed on is well formed, and so is the list up to there. Whether the answer was complete is
 * known at its end only.
 */
export class BodySieve implements AnswerSieve {
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #sieve: Sieve | undefined;
  #isPlain = false;

  constructor(
    private readonly takePart: TakePart,
    private readonly pieceBytes = PIECE_BYTES,
  ) {}

  /**
   * @returns a promise when a part was handed on: the next chunk must wait for it.
   * @throws SyntaxError when an element is malformed.
   */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.#sieve) return this.#handOn(this.#sieve.sift(chunk));
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < this.pieceBytes || this.#isPlain) return undefined;
    const waiting = this.#waiting;
    const sieve = sieveFor(waiting, this.pieceBytes);
    this.#isPlain = sieve === undefined;
    if (!sieve) return undefined;
    this.#sieve = sieve;
    this.#waiting = [];
    return this.#handOn(waiting.flatMap((one) => sieve.sift(one)));
  }

  /** The body without what was handed on: of the same shape, with the elements that are left. */
  rest(): Buffer {
    return this.#sieve?.rest() ?? Buffer.concat(this.#waiting);
  }

  #handOn(parts: readonly unknown[]): Promise<void> | undefined {
    if (parts.length === 0) return undefined;
    return (async () => {
      for (const part of parts) await this.takePart(part);
    })();
  }
}

const BLANKS = [0x20, 0x09, 0x0a, 0x0d];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const OPEN_OBJECT = 0x7b;
const LESS = 0x3c;

/** By the first byte that says something; undefined where the body is neither JSON nor XML. */
function sieveFor(chunks: readonly Buffer[], pieceBytes: number): Sieve | undefined {
  for (const chunk of chunks) {
    const first = chunk.find((byte) => !BLANKS.includes(byte) && !BYTE_ORDER_MARK.includes(byte));
    if (first === undefined) continue;
    if (first === LESS) return new AtomSieve(pieceBytes);
    return first === OPEN_OBJECT ? new JsonSieve(pieceBytes) : undefined;
  }
  return undefined;
}
