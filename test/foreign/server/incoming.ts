import type { IncomingMessage } from 'node:http';
import { badRequest } from './schema';

/** A request, taken apart. */
export interface Incoming {
  /** What the client means: `MERGE` also where it came as a `POST`. */
  readonly method: string;
  readonly entitySet: string;
  readonly key: string | undefined;
  /** The key was quoted, as texts are. */
  readonly isTextKey: boolean;
  readonly isCount: boolean;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const GUID = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const KEYS = {
  2: new RegExp(`^guid'(${GUID})'$`),
  4: new RegExp(`^(?:\\w+=)?(${GUID})$`),
};

const TEXT_KEY = new RegExp(`^'(${GUID})'$`);

/** Read a request. @throws ServiceRefusal for an address that is none of this version. */
export async function readIncoming(
  version: 2 | 4,
  rootPath: string,
  request: IncomingMessage,
): Promise<Incoming> {
  return incomingOf(version, rootPath, {
    ...{ method: request.method ?? 'GET', url: request.url ?? '', headers: request.headers },
    body: await readBody(request),
  });
}

/** A request before it is taken apart, by itself or in a batch. */
export interface Written {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Take a request apart. @throws ServiceRefusal as {@link readIncoming}. */
export function incomingOf(version: 2 | 4, rootPath: string, request: Written): Incoming {
  const url = new URL(request.url, 'http://reference');
  if (!url.pathname.startsWith(`${rootPath}/`)) throw badRequest('outside of the service');
  const resource = resourceOf(version, url.pathname.slice(rootPath.length + 1));
  return {
    method: methodOf(version, request),
    ...resource,
    query: url.searchParams,
    headers: request.headers,
    body: request.body,
  };
}

function resourceOf(
  version: 2 | 4,
  path: string,
): Pick<Incoming, 'entitySet' | 'key' | 'isTextKey' | 'isCount'> {
  const [first = '', below, ...rest] = decodeURIComponent(path).split('/');
  const isCount = below === '$count';
  if (rest.length > 0 || (below !== undefined && !isCount)) throw badRequest('the path');
  const [, entitySet = first, inner] = /^(\w+)\((.*)\)$/.exec(first) ?? [];
  if (inner === undefined) return { entitySet, key: undefined, isTextKey: false, isCount };
  const key = (KEYS[version].exec(inner) ?? TEXT_KEY.exec(inner))?.[1]?.toLowerCase();
  if (key === undefined) throw badRequest(`${inner} is no key`);
  return { entitySet, key, isTextKey: inner.startsWith("'"), isCount };
}

function methodOf(version: 2 | 4, { method, headers }: Written): string {
  const tunnelled = headers['x-http-method'];
  if (version === 2 && method === 'POST' && typeof tunnelled === 'string') return tunnelled;
  return method;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
