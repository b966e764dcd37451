const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const GREATER = 0x3e;
const LAST_BLANK = 0x20;

/** What `<` may begin, beside a tag, and what ends it. */
const sections = [
  { opens: '!--', closes: '-->' },
  { opens: '![CDATA[', closes: ']]>' },
  { opens: '?', closes: '?>' },
] as const;

/** Longer names are cut: no name that matters is so long. */
const LONGEST_NAME = 64;

/** What a byte has completed. */
export type MarkupEnd = 'tag' | 'section' | 'doctype' | undefined;

/** Follows the markup of XML from `<` on, a byte at a time, to where it ends. */
export class MarkupReader {
  isOpen = false;
  /** Of the tag that was read last, with its prefix. */
  name = '';
  isClosing = false;
  isEmpty = false;

  #opening: string | undefined;
  #isNamed = false;
  #closes: string | undefined;
  #latest = '';
  #quote = 0;
  #last = 0;

  /** A `<` was read. */
  open(): void {
    this.isOpen = true;
    this.name = '';
    this.isClosing = false;
    this.isEmpty = false;
    this.#opening = '';
    this.#isNamed = false;
    this.#closes = undefined;
    this.#latest = '';
    this.#quote = 0;
    this.#last = 0;
  }

  /** Read the next byte. */
  read(byte: number): MarkupEnd {
    if (this.#closes !== undefined) return this.#readSection(byte, this.#closes);
    if (this.#opening === undefined) return this.#readTag(byte);
    this.#opening += String.fromCharCode(byte);
    const opening = this.#opening;
    const section = sections.find(({ opens }) => opens.startsWith(opening));
    if (section) {
      if (section.opens === opening) this.#closes = section.closes;
      return undefined;
    }
    this.#opening = undefined;
    // What a DOCTYPE declares may change what a document says.
    if (opening.startsWith('!')) return 'doctype';
    return this.#readTag(byte);
  }

  #readSection(byte: number, closes: string): MarkupEnd {
    this.#latest = (this.#latest + String.fromCharCode(byte)).slice(-closes.length);
    if (this.#latest !== closes) return undefined;
    this.isOpen = false;
    return 'section';
  }

  #readTag(byte: number): MarkupEnd {
    if (this.#quote !== 0) {
      if (byte === this.#quote) this.#quote = 0;
      return undefined;
    }
    if (byte === GREATER) {
      this.isOpen = false;
      this.isEmpty = this.#last === SLASH && !this.isClosing;
      return 'tag';
    }
    if (byte === QUOTE || byte === APOSTROPHE) this.#quote = byte;
    else if (!this.#isNamed) this.#readName(byte);
    this.#last = byte;
    return undefined;
  }

  #readName(byte: number): void {
    if (byte === SLASH && this.#last === 0) this.isClosing = true;
    else if (byte === SLASH || byte <= LAST_BLANK) this.#isNamed = true;
    else if (this.name.length < LONGEST_NAME) this.name += String.fromCharCode(byte);
  }
}
