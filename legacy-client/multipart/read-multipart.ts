import { MalformedAnswerError } from '../dialects/problems';
import type { HttpAnswerPart } from './http-part';

/** One part of a multipart body, not yet looked into. */
export interface MimePart {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string;
}

const MULTIPART = /^\s*multipart\/mixed\s*(?:;|$)/i;
const BOUNDARY = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;",]{1,200}))/i;

/** Tell whether a content type announces parts. */
export function isMultipart(contentType: string): boolean {
  return MULTIPART.test(contentType);
}

/**
 * Split a multipart body. What stands before the first and behind the closing delimiter is passed
 * over.
 *
 * @throws {@link MalformedAnswerError} when it has no delimiter, or does not end with the closing
 *   one: it was cut off then.
 * @remarks Source: RFC 2046, 5.1. The line end before a delimiter belongs to the delimiter.
 */
export function readMultipart(contentType: string, text: string): MimePart[] {
  const boundary = isMultipart(contentType) ? BOUNDARY.exec(contentType) : null;
  if (boundary === null) throw new MalformedAnswerError('it is not multipart with a boundary');
  const parts: MimePart[] = [];
  let open: Delimiter | undefined;
  for (const delimiter of delimiters(text, `--${boundary[1] ?? boundary[2] ?? ''}`)) {
    if (open !== undefined) parts.push(readPart(text.slice(open.end, delimiter.start)));
    if (delimiter.closes) return parts;
    open = delimiter;
  }
  throw new MalformedAnswerError('it is cut off: its closing delimiter is missing');
}

/**
 * Read a part as an HTTP answer.
 *
 * @throws {@link MalformedAnswerError} when it is none, or shorter than it says.
 */
export function readHttpAnswer(part: MimePart): HttpAnswerPart {
  if (!/^application\/http\b/i.test(part.headers['content-type'] ?? '')) {
    throw new MalformedAnswerError('a part of it is not application/http');
  }
  const message = part.content.trimStart();
  const status = /^HTTP\/\d(?:\.\d)? ([2-5]\d\d)(?=[ \r\n]|$)/.exec(message)?.[1];
  if (status === undefined) throw new MalformedAnswerError('a part of it has no status line');
  const lineEnd = message.indexOf('\n');
  const { headers, content } = readPart(lineEnd === -1 ? '' : message.slice(lineEnd + 1));
  const length = headers['content-length'];
  if (length !== undefined && Buffer.byteLength(content) < Number(length)) {
    throw new MalformedAnswerError('a part of it is shorter than it says');
  }
  // NOTE: servers of OData v2 may repeat the Content-ID among the inner headers (MS-ODATA 2.2.7.6.6).
  const contentId = part.headers['content-id'] ?? headers['content-id'];
  return { contentId, status: Number(status), headers, text: content };
}

interface Delimiter {
  /** Where the part before it ends. */
  readonly start: number;
  /** Where the part behind it begins. */
  readonly end: number;
  readonly closes: boolean;
}

function* delimiters(text: string, delimiter: string): Generator<Delimiter> {
  let at = text.indexOf(delimiter);
  while (at !== -1) {
    const found = delimiterAt(text, at, delimiter.length);
    if (found !== undefined) yield found;
    at = text.indexOf(delimiter, at + delimiter.length);
  }
}

/** A delimiter fills its line; blanks may stand behind it. */
function delimiterAt(text: string, at: number, length: number): Delimiter | undefined {
  if (at > 0 && text[at - 1] !== '\n') return undefined;
  const closes = text.startsWith('--', at + length);
  let end = at + length + (closes ? 2 : 0);
  while (text[end] === ' ' || text[end] === '\t') end += 1;
  if (text[end] === '\r') end += 1;
  if (end < text.length && text[end] !== '\n') return undefined;
  const start = at - (at > 0 ? 1 : 0) - (text[at - 2] === '\r' ? 1 : 0);
  return { start, end: end + 1, closes };
}

/** Headers to the first empty line, the content behind it. */
function readPart(text: string): MimePart {
  const blank = /^\r?\n|\r?\n\r?\n/.exec(text);
  const head = blank === null ? text : text.slice(0, blank.index);
  const content = blank === null ? '' : text.slice(blank.index + blank[0].length);
  const headers = new Map<string, string>();
  for (const line of head.split(/\r?\n/).filter((one) => one !== '')) {
    const [name, value] = readHeader(line);
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { headers: Object.fromEntries(headers), content };
}

function readHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    return [name.toLowerCase(), line.slice(colon + 1).trim()];
  }
  // NOTE: the line is not shown, it may be a part of a record.
  throw new MalformedAnswerError('a part of it has a header that is none');
}
