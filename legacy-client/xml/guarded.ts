/** More blanks than stand in any tag of OData, Atom, CSDL or SOAP: parsers compare each attribute with each. */
const MOST_BLANKS = 1_000;

/** A tag of fewer characters need not be looked at. */
const SHORT_TAG = 2_000;

/** What stands before the root element, and what ends it. */
const PROLOG = [
  ['<?', '?>'],
  ['<!--', '-->'],
] as const;

/**
 * Find where the root element, or a document type, begins.
 *
 * NOTE: without a regular expression: one for several comments takes a time that doubles with each.
 */
export function endOfProlog(text: string): number {
  let at = 0;
  for (;;) {
    while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
    if (text.charCodeAt(at) === 0xfeff) at += 1;
    const section = PROLOG.find(([opens]) => text.startsWith(opens, at));
    if (section === undefined) return at;
    const [opens, closes] = section;
    const end = text.indexOf(closes, at + opens.length);
    if (end === -1) return at;
    at = end + closes.length;
  }
}

/**
 * Refuse what no honest service sends: a document type, which can declare entities without end or
 * fetch files, and elements with attributes without end.
 *
 * @throws SyntaxError
 */
export function checkMarkup(text: string): void {
  const root = endOfProlog(text);
  if (text.slice(root, root + 9).toUpperCase() === '<!DOCTYPE') {
    throw new SyntaxError('XML with a document type is not read');
  }
  for (let at = text.indexOf('<', root); at !== -1;) {
    const closes = closingOf(text, at);
    const end = text.indexOf(closes, at);
    if (end === -1) throw new SyntaxError('XML is cut off within a tag');
    if (closes === '>' && end - at > SHORT_TAG) checkTag(text.slice(at, end));
    at = text.indexOf('<', end + closes.length);
  }
}

function closingOf(text: string, at: number): string {
  const kind = text[at + 1];
  if (kind === '?') return '?>';
  if (kind !== '!') return '>';
  if (text.startsWith('<!--', at)) return '-->';
  return text.startsWith('<![CDATA[', at) ? ']]>' : '>';
}

function checkTag(tag: string): void {
  const blanks = tag.match(/\s+/g)?.length ?? 0;
  if (blanks > MOST_BLANKS) throw new SyntaxError('XML has an element with too many attributes');
}
