import { randomUUID } from 'node:crypto';
import { UnsendableError } from '../dialects/problems';
import type { BatchMember, HttpRequestPart } from './http-part';

/** A body of several requests, and the content type that says where they begin and end. */
export interface MultipartBody {
  readonly contentType: string;
  readonly text: string;
}

const LINE_END = '\r\n';
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
const METHOD = /^[A-Z]+$/;
/** NOTE: a blank would end the address, a line end the request line. */
const ADDRESS = /^[\x21-\x7e]+$/;

/**
 * Write requests as the body of a `$batch`.
 *
 * @param newId - makes the delimiters; they differ from all that stands in the requests.
 * @throws {@link UnsendableError} when a part of a request would not end where it should: a line
 *   end in an address or a header.
 * @remarks Source: OData 4.0 part 1, 11.7; MS-ODATA 2.2.7.6; RFC 2046, 5.1.
 */
export function writeBatch(
  members: readonly BatchMember[],
  newId: () => string = randomUUID,
): MultipartBody {
  return delimited(
    'batch',
    members.map((member) => writeMember(member, newId)),
    newId,
  );
}

function writeMember(member: BatchMember, newId: () => string): string {
  if (!('changeset' in member)) return writeRequest(member);
  const { contentType, text } = delimited('changeset', member.changeset.map(writeRequest), newId);
  return `Content-Type: ${contentType}${LINE_END}${LINE_END}${text}`;
}

function delimited(kind: string, parts: readonly string[], newId: () => string): MultipartBody {
  let boundary = `${kind}_${newId()}`;
  while (parts.some((part) => part.includes(boundary))) boundary = `${kind}_${newId()}`;
  const written = parts.map((part) => `--${boundary}${LINE_END}${part}${LINE_END}`);
  return {
    contentType: `multipart/mixed; boundary=${boundary}`,
    text: `${written.join('')}--${boundary}--${LINE_END}`,
  };
}

/** @throws {@link UnsendableError} as {@link writeBatch} does. */
export function checkedPart(part: HttpRequestPart): HttpRequestPart {
  const { method, address, headers, contentId = '' } = part;
  if (!METHOD.test(method)) throw new UnsendableError('a method is written in capital letters');
  if (!ADDRESS.test(address)) {
    throw new UnsendableError('an address within a batch must be encoded: no blanks, no line ends');
  }
  for (const [name, value] of Object.entries({ ...headers, 'Content-ID': contentId })) {
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(value)) continue;
    throw new UnsendableError(`the header ${JSON.stringify(name)} cannot be written on one line`);
  }
  return part;
}

function writeRequest(part: HttpRequestPart): string {
  const { contentId, method, address, headers, body } = checkedPart(part);
  const length: Record<string, string> =
    body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const outer = {
    'Content-Type': 'application/http',
    'Content-Transfer-Encoding': 'binary',
    ...(contentId === undefined ? {} : { 'Content-ID': contentId }),
  };
  return [
    ...writeHeaders(outer),
    '',
    `${method} ${address} HTTP/1.1`,
    ...writeHeaders({ ...headers, ...length }),
    '',
    body ?? '',
  ].join(LINE_END);
}

function writeHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}
