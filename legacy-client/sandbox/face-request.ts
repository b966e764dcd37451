import type { IncomingMessage } from 'node:http';
import { readBatch, type WrittenMember, type WrittenPart } from './batch/read-batch';
import { CrmError } from './crm-error';
import { resourcePath, type Face, type FaceRequest } from './faces/face';
import { parseGuid } from './guid';

/** A request of a face, with what the journal and the faults must know of it. */
export interface ReceivedRequest {
  readonly request: FaceRequest;
  readonly entitySet: string;
  readonly key: string | null;
  /** Decoded path and query below the service root. */
  readonly url: string;
  /** Parsed where it is JSON; undefined for none. */
  readonly body: unknown;
  /** What is wrong with the URL itself, or with the form of a batch. */
  readonly problem: string | undefined;
  /** Of a batch: what it is made of. */
  readonly batch?: readonly WrittenMember[];
}

/** Read the body of a request to its end. */
export async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString();
}

/** NOTE: a `+` in a query is a blank to the service; a plus sign must come as `%2B`. */
function decodeOption(text: string): string | undefined {
  return decode(text.replaceAll('+', ' '));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

interface ReadOptions {
  readonly options: ReadonlyMap<string, string>;
  readonly problem: string | undefined;
}

function readOptions(query: string): ReadOptions {
  const options = new Map<string, string>();
  let problem: string | undefined;
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const at = pair.indexOf('=');
    const name = decodeOption(at === -1 ? pair : pair.slice(0, at));
    const value = decodeOption(at === -1 ? '' : pair.slice(at + 1));
    if (name === undefined || value === undefined) {
      problem ??= `The query part '${pair}' is not encoded as a URL wants it.`;
      continue;
    }
    if (options.has(name)) problem ??= `The query parameter '${name}' stands there twice.`;
    options.set(name, value);
  }
  return { options, problem };
}

function parsedBody(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** The 2011 service takes its updates through POST, so that proxies let them pass. */
function logicalMethod(face: Face, { method, headers }: WrittenRequest): string {
  const tunnelled = headers['x-http-method'];
  const isTunnelled = face.name === 'dynamics2011' && method === 'POST';
  return isTunnelled && typeof tunnelled === 'string' ? tunnelled.toUpperCase() : method;
}

/** Find what stands below a face's root in a URL; undefined when it belongs elsewhere. */
export function pathBelow(face: Face, url: string): string | undefined {
  const [path = ''] = url.split('?');
  const root = face.rootPath;
  // NOTE: the web server in front of the CRM takes its paths in any case.
  if (path.slice(0, root.length).toLowerCase() !== root.toLowerCase()) return undefined;
  const below = path.slice(root.length);
  return below === '' || below.startsWith('/') ? below.replace(/^\//, '') : undefined;
}

/** What a path speaks of, whichever way the face writes keys. */
function addressed(path: string): Pick<ReceivedRequest, 'entitySet' | 'key'> {
  const resource = resourcePath(path);
  if (resource === undefined) return { entitySet: path, key: null };
  const key = resource.key?.replace(/^guid'(.*)'$/, '$1').replace(/^\w+=/, '') ?? '';
  return { entitySet: resource.set, key: parseGuid(key) ?? null };
}

/** A request before anything is made of it. */
interface WrittenRequest {
  readonly method: string;
  /** Path and query, encoded. */
  readonly url: string;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly headers: FaceRequest['headers'];
  readonly body: string;
}

/** Make a face's request of one that came below its root. */
export function receive(face: Face, incoming: IncomingMessage, body: string): ReceivedRequest {
  const { url = '/', method = 'GET', headers } = incoming;
  const origin = `http://${headers.host ?? ''}`;
  const received = requestOf(face, { method, url, origin, headers, body });
  const isBatch = face.takesBatches && received.request.path === '$batch' && method === 'POST';
  return isBatch ? asBatch(received) : received;
}

/** Make a face's request of one that stands in a batch, at an address of any form. */
export function receivePart(face: Face, root: string, part: WrittenPart): ReceivedRequest {
  const { method, address, headers, body } = part;
  const origin = root.slice(0, root.length - face.rootPath.length);
  const url = address.startsWith('/') ? address : address.replace(/^https?:\/\/[^/]+/i, '');
  const below = url.startsWith('/') ? url : `${face.rootPath}/${url}`;
  const received = requestOf(face, { method, url: below, origin, headers, body });
  return { ...received, request: { ...received.request, isPart: true } };
}

function asBatch(received: ReceivedRequest): ReceivedRequest {
  const { request } = received;
  const batch = { ...received, request: { ...request, method: 'BATCH' }, body: undefined };
  try {
    return { ...batch, batch: readBatch(request.headers['content-type'] ?? '', request.body) };
  } catch (error) {
    if (!(error instanceof CrmError)) throw error;
    return { ...batch, problem: batch.problem ?? error.message };
  }
}

function requestOf(face: Face, written: WrittenRequest): ReceivedRequest {
  const { url, origin, headers, body } = written;
  const queryAt = url.indexOf('?');
  const { options, problem } = readOptions(queryAt === -1 ? '' : url.slice(queryAt + 1));
  const encodedPath = pathBelow(face, url) ?? '';
  const path = decode(encodedPath) ?? encodedPath;
  const query = [...options].map(([name, value]) => `${name}=${value}`).join('&');
  return {
    request: {
      method: logicalMethod(face, written),
      root: origin + face.rootPath,
      urlLength: origin.length + url.length,
      path,
      options,
      headers,
      body,
    },
    ...addressed(path),
    url: query === '' ? path : `${path}?${query}`,
    body: parsedBody(body),
    problem,
  };
}
