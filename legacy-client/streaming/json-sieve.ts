import { parseJson } from '../exact-json';
import type { Sieve } from './body-sieve';
import { textInUtf8 } from './utf8';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LAST_BLANK = 0x20;

const structural = new Uint8Array(256);
for (const byte of [QUOTE, COMMA, COLON, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT]) {
  structural[byte] = 1;
}

/** Longer names are none of those that are looked for. */
const LONGEST_NAME = 16;

/** Where the elements of a list are: `value` (v4), `d` and `results` in `d` (v2). */
const lists: Readonly<Record<string, (elements: readonly unknown[]) => unknown>> = {
  value: (value) => ({ value }),
  d: (d) => ({ d }),
  'd.results': (results) => ({ d: { results } }),
};

/**
 * Finds the elements of a list in JSON that arrives in chunks.
 *
 * It only looks for quotes, commas and brackets, and leaves it to `JSON.parse` to judge what is between
 * them: several elements at a time, which is as fast as the whole would be. Taken out of a malformed
 * text, elements are malformed, or else what is left of it is.
 *
 * NOTE: structural characters are ASCII, so a chunk may end within a character of UTF-8.
 */
export class JsonSieve implements Sieve {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Of the string that is read, or was read last, where that may be a name. */
  #name = '';
  /** Names of the members that the place is in, down to `d.results`. */
  readonly #names: string[] = [];
  #list:
    | { readonly depth: number; readonly wrap: (elements: readonly unknown[]) => unknown }
    | undefined;
  #isPast = false;
  /** An element must come: the comma before it went with the elements that were taken out. */
  #isAwaiting = false;

  #head = Buffer.alloc(0);
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(private readonly pieceBytes: number) {}

  sift(chunk: Buffer): readonly unknown[] {
    if (this.#isPast) {
      this.#keep(chunk);
      return [];
    }
    const parts: unknown[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      if (this.#isInString) {
        at = this.#endOfString(chunk, at);
        continue;
      }
      const byte = chunk[at] ?? 0;
      if (byte <= LAST_BLANK || (structural[byte] === 0 && !this.#isAwaiting)) continue;
      const met = this.#follow(byte, this.#pendingBytes + at - from);
      if (met === undefined) continue;
      if (met === 'end') break;
      if (met === 'piece') parts.push(this.#takeOut(chunk.subarray(from, at)));
      else this.#begin(chunk.subarray(from, at + 1));
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return parts;
  }

  rest(): Buffer {
    return Buffer.concat([this.#head, ...this.#pending]);
  }

  /** The place of its closing quote, or of the chunk's last byte. */
  #endOfString(chunk: Buffer, start: number): number {
    let at = this.#isEscaped ? start + 1 : start;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) break;
    }
    if (!this.#list) this.#readName(chunk.subarray(start, at));
    this.#isInString = at >= chunk.length;
    // Beyond the end by one more, where a backslash is the last byte.
    this.#isEscaped = at > chunk.length;
    return at;
  }

  #readName(part: Buffer): void {
    const left = LONGEST_NAME - this.#name.length;
    if (this.#depth <= 2 && left > 0) this.#name += part.toString('latin1', 0, left);
  }

  /**
   * Follow the structure, outside of strings.
   *
   * @param pending - bytes since the list began, or since elements were taken out last.
   */
  #follow(byte: number, pending: number): 'list' | 'piece' | 'end' | undefined {
    if (this.#isAwaiting) this.#requireElement(byte);
    switch (byte) {
      case QUOTE:
        this.#isInString = true;
        this.#name = '';
        return undefined;
      case COLON:
        this.#endName();
        return undefined;
      case COMMA:
        return this.#isAtList() && pending >= this.pieceBytes ? 'piece' : undefined;
      default:
        return this.#followBracket(byte);
    }
  }

  #followBracket(byte: number): 'list' | 'end' | undefined {
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      this.#depth += 1;
      return byte === OPEN_ARRAY && this.#isList() ? 'list' : undefined;
    }
    if (byte !== CLOSE_OBJECT && byte !== CLOSE_ARRAY) return undefined;
    this.#isPast = this.#isAtList();
    this.#depth -= 1;
    return this.#isPast ? 'end' : undefined;
  }

  /** Between the elements of the list. */
  #isAtList(): boolean {
    return this.#list !== undefined && this.#depth === this.#list.depth;
  }

  #endName(): void {
    if (this.#depth <= 2) this.#names[this.#depth - 1] = this.#name;
  }

  #isList(): boolean {
    if (this.#list) return false;
    const wrap = lists[this.#names.slice(0, this.#depth - 1).join('.')];
    if (!wrap || this.#depth > 3) return false;
    this.#list = { depth: this.#depth, wrap };
    return true;
  }

  #begin(head: Buffer): void {
    this.#head = Buffer.concat([...this.#pending, head]);
    this.#forget();
  }

  #takeOut(end: Buffer): unknown {
    const text = textInUtf8(Buffer.concat([...this.#pending, end]));
    this.#forget();
    this.#isAwaiting = true;
    const elements = parseJson(`[${text}]`);
    if (!Array.isArray(elements) || elements.length === 0) throw new SyntaxError('No element');
    return this.#list?.wrap(elements);
  }

  #requireElement(byte: number): void {
    if (byte === CLOSE_ARRAY) throw new SyntaxError('An element is missing at the end of a list');
    this.#isAwaiting = false;
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #forget(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
