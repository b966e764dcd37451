import { CrmError } from '../crm-error';

/** One request of a batch, as it stands in the body. */
export interface WrittenPart {
  readonly contentId: string | undefined;
  readonly method: string;
  /** As in the request line: absolute, or below the host or the service root; encoded. */
  readonly address: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A changeset, or a request that stands alone. */
export interface WrittenMember {
  readonly isChangeset: boolean;
  readonly parts: readonly WrittenPart[];
}

/** The service takes no more requests in one batch, those of changesets included. */
const mostRequests = 1000;
const changesetMethods = ['POST', 'PUT', 'PATCH', 'DELETE'];

const malformed = (message: string): CrmError => new CrmError('badPayload', message);

/** What stands between the delimiters, a list of lines each. */
function sections(contentType: string, lines: readonly string[]): string[][] {
  const match = /^multipart\/mixed\s*;\s*boundary=(?:"([^"]+)"|([^\s;"]+))$/.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) {
    throw malformed(`A batch is multipart/mixed with a boundary, not '${contentType}'.`);
  }
  const found: string[][] = [];
  for (const line of lines) {
    if (line === `--${boundary}--`) return found;
    if (line === `--${boundary}`) found.push([]);
    else found.at(-1)?.push(line);
  }
  throw malformed(`The closing delimiter --${boundary}-- is missing.`);
}

/** Take headers off the front of the lines, and the empty line behind them. */
function takeHeaders(lines: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let line = lines.shift(); line !== ''; line = lines.shift()) {
    const match = /^([\w-]+): ?(.*)$/.exec(line ?? '');
    const name = match?.[1]?.toLowerCase();
    if (name === undefined) throw malformed('Headers end with an empty line; lines with CR LF.');
    if (headers[name] !== undefined) throw malformed(`The header ${name} stands there twice.`);
    headers[name] = match?.[2] ?? '';
  }
  return headers;
}

function readRequest(outer: Readonly<Record<string, string>>, lines: string[]): WrittenPart {
  if (outer['content-type'] !== 'application/http') {
    throw malformed('A request in a batch comes as application/http.');
  }
  if (outer['content-transfer-encoding'] !== 'binary') {
    throw malformed('A request in a batch needs Content-Transfer-Encoding: binary.');
  }
  const match = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(lines.shift() ?? '');
  const [, method = '', address = ''] = match ?? [];
  if (match === null) throw malformed('A request in a batch begins with its request line.');
  const headers = takeHeaders(lines);
  const body = lines.join('\r\n');
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== Buffer.byteLength(body)) {
    throw malformed(`A body of ${length} bytes was announced, there are others.`);
  }
  return { contentId: outer['content-id'], method, address, headers, body };
}

function readMember(lines: string[]): WrittenMember {
  const outer = takeHeaders(lines);
  const contentType = outer['content-type'] ?? '';
  if (!contentType.startsWith('multipart/')) {
    return { isChangeset: false, parts: [readRequest(outer, lines)] };
  }
  const parts = sections(contentType, lines).map((part) => readRequest(takeHeaders(part), part));
  for (const { method } of parts) {
    if (!changesetMethods.includes(method)) {
      throw malformed(
        `An invalid HTTP method '${method}' was detected for a request in a change set. Requests ` +
          `in change sets only support the HTTP methods ${changesetMethods.join(', ')}.`,
      );
    }
  }
  return { isChangeset: true, parts };
}

/**
 * Read the body of a batch, strictly: every line ends with CR LF, as the service wants it.
 *
 * @throws CrmError (400) when it is none that the service takes.
 */
export function readBatch(contentType: string, body: string): WrittenMember[] {
  const members = sections(contentType, body.split('\r\n')).map(readMember);
  const parts = members.flatMap((member) => member.parts);
  if (parts.length > mostRequests) {
    throw new CrmError('badRequest', `A batch takes ${String(mostRequests)} requests at most.`);
  }
  const names = parts.map(({ contentId }) => contentId).filter((name) => name !== undefined);
  if (new Set(names).size < names.length) {
    throw malformed('A Content-ID stands in the batch twice.');
  }
  return members;
}
