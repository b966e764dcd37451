import { atomToJson } from '../xml/atom';
import { parseXml } from '../xml/parse';
import type { Sieve } from './body-sieve';
import { MarkupReader } from './markup-reader';
import { textInUtf8 } from './utf8';

const LESS = 0x3c;

/**
 * Finds the entries of an Atom feed that arrives in chunks.
 *
 * It only looks for tags and their ends, and leaves it to the XML parser to judge several entries at a
 * time, within a feed with the same namespaces. A document that is no feed, or that has a DOCTYPE, is
 * left as it is.
 */
export class AtomSieve implements Sieve {
  readonly #markup = new MarkupReader();
  #depth = 0;
  #isOff = false;
  #isInEntry = false;

  /** The tag of the root. */
  #root = '';
  /** What is no entry. */
  readonly #frame: Buffer[] = [];
  /** Where in the frame entries may stand: behind the root's tag. */
  #place = 0;
  #entries: Buffer[] = [];
  #entryBytes = 0;
  /** Bytes of which is not known yet what they belong to, or of the entry that is read. */
  #open: Buffer[] = [];

  constructor(private readonly pieceBytes: number) {}

  sift(chunk: Buffer): readonly unknown[] {
    const parts: unknown[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length && !this.#isOff; at += 1) {
      if (!this.#markup.isOpen) {
        at = chunk.indexOf(LESS, at);
        if (at < 0) break;
        if (!this.#isInEntry) {
          this.#open.push(chunk.subarray(from, at));
          this.#toFrame();
          from = at;
        }
        this.#markup.open();
        continue;
      }
      const found = this.#markup.read(chunk[at] ?? 0);
      if (found === 'doctype') this.#isOff = true;
      if (found !== 'tag') continue;
      this.#open.push(chunk.subarray(from, at + 1));
      from = at + 1;
      this.#follow();
      if (this.#entryBytes >= this.pieceBytes) parts.push(this.#takeOut());
    }
    this.#open.push(chunk.subarray(from));
    return parts;
  }

  rest(): Buffer {
    const before = this.#frame.slice(0, this.#place);
    const after = this.#frame.slice(this.#place);
    return Buffer.concat([...before, ...this.#entries, ...after, ...this.#open]);
  }

  /** A tag is complete, the last of the open bytes. */
  #follow(): void {
    const { name, isClosing, isEmpty } = this.#markup;
    if (isClosing) {
      this.#depth -= 1;
      if (this.#depth === 1 && this.#isInEntry) this.#toEntries();
      return;
    }
    if (this.#depth === 0) this.#beginFeed();
    else if (this.#depth === 1 && !isEmpty) this.#isInEntry = localName(name) === 'entry';
    if (!isEmpty) this.#depth += 1;
  }

  #beginFeed(): void {
    const { name, isEmpty } = this.#markup;
    this.#root = Buffer.concat(this.#open).toString('utf8');
    this.#toFrame();
    this.#place = this.#frame.length;
    if (localName(name) !== 'feed' || isEmpty) this.#isOff = true;
  }

  /** NOTE: copied, because a few bytes of a chunk would keep all of it in memory. */
  #toFrame(): void {
    this.#frame.push(Buffer.concat(this.#open));
    this.#open = [];
  }

  #toEntries(): void {
    this.#isInEntry = false;
    this.#entryBytes += this.#open.reduce((all, { length }) => all + length, 0);
    this.#entries.push(...this.#open);
    this.#open = [];
  }

  #takeOut(): unknown {
    const entries = textInUtf8(Buffer.concat(this.#entries));
    this.#entries = [];
    this.#entryBytes = 0;
    const end = /^<([^\s/>]+)/.exec(this.#root)?.[1] ?? '';
    const { name, root } = parseXml(`${this.#root}${entries}</${end}>`);
    return atomToJson(name, root);
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
