import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { firstSince, PageMaker, type PagedSets } from './page-maker';

/** Pages are kept for so many records; more are made each time. */
const keptUpTo = 200_000;

interface Answer {
  readonly elements: Buffer;
  /** The address of the next page, behind the root. */
  readonly next: string | undefined;
}

type Answering = (address: URL) => Answer;

/** Be a page server: sets of sample pages come as a line on stdin, the address goes to stdout. */
async function main(): Promise<void> {
  const records = Number(process.argv[2]);
  const [line] = (await once(createInterface({ input: process.stdin }), 'line')) as [string];
  process.stdin.on('end', () => process.exit(0)).resume();
  const faces = new Map(
    Object.entries(JSON.parse(line) as Readonly<Record<string, PagedSets>>).map(([face, sets]) => [
      face,
      answering(sets, records),
    ]),
  );
  const server = http.createServer((request, response) => {
    const root = `http://${request.headers.host ?? ''}`;
    const url = new URL(request.url ?? '', root);
    const [, face = '', set = '', more] = url.pathname.split('/');
    const answer = more === undefined ? faces.get(face)?.get(set) : undefined;
    if (!answer) {
      response.writeHead(404, { 'Content-Type': 'application/json' });
      response.end('{"error":{"code":"0x80040217","message":"Nothing is here"}}');
      return;
    }
    const { elements, next } = answer(url);
    const link = next === undefined ? undefined : `${root}/${face}/${next}`;
    const [head, tail] = face === 'dataverse' ? v4Frame(link) : v2Frame(link);
    const length = head.length + elements.length + tail.length;
    response.writeHead(200, {
      ...{ 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': length },
    });
    response.write(head);
    response.write(elements);
    response.end(tail);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`http://127.0.0.1:${port}\n`);
  });
}

function v2Frame(next: string | undefined): [Buffer, Buffer] {
  const link = next === undefined ? '' : `,"__next":${JSON.stringify(next)}`;
  return [Buffer.from('{"d":{"results":['), Buffer.from(`]${link}}}`)];
}

function v4Frame(next: string | undefined): [Buffer, Buffer] {
  const link = next === undefined ? '' : `,"@odata.nextLink":${JSON.stringify(next)}`;
  return [
    Buffer.from('{"@odata.context":"$metadata#accounts","value":['),
    Buffer.from(`]${link}}`),
  ];
}

function answering(sets: PagedSets, records: number): Map<string, Answering> {
  return new Map(
    Object.entries(sets).map(([set, sample]) => [
      set,
      sample.isMade ? made(set, new PageMaker(sample), records) : asItIs(set, sample.pages),
    ]),
  );
}

function asItIs(set: string, pages: readonly string[]): Answering {
  return (address) => {
    const at = Number(address.searchParams.get('$skiptoken') ?? 0);
    const { d, value } = JSON.parse(pages[at] ?? '{"value":[]}') as {
      d?: { results: unknown[] };
      value?: unknown[];
    };
    const elements = JSON.stringify(d?.results ?? value ?? []).slice(1, -1);
    const next = at + 1 < pages.length ? `${set}?$skiptoken=${at + 1}` : undefined;
    return { elements: Buffer.from(elements), next };
  };
}

/** `$skiptoken=from-to`: from which record on, and before which one. */
function made(set: string, maker: PageMaker, records: number): Answering {
  const kept = new Map<number, Buffer>();
  const pageAt = (first: number): Buffer => {
    const found = kept.get(first) ?? maker.make(first);
    if (records <= keptUpTo) kept.set(first, found);
    return found;
  };
  const single = (index: number): Buffer => {
    const page = pageAt(index - (index % maker.pageSize)).toString('utf8');
    const element = (JSON.parse(`[${page}]`) as unknown[])[index % maker.pageSize];
    return Buffer.from(JSON.stringify(element));
  };
  return ({ searchParams }) => {
    if (searchParams.get('$top') === '1') {
      const isLast = searchParams.get('$orderby')?.includes(' desc') === true;
      return { elements: single(isLast ? records - 1 : 0), next: undefined };
    }
    const [from, to] = rangeOf(searchParams, records, maker.pageSize);
    const end = from + maker.pageSize;
    const next = end < to ? `${set}?$skiptoken=${end}-${to}` : undefined;
    return { elements: pageAt(from), next };
  };
}

/** NOTE: a part begins at the page that its first record is on, so parts may share one page. */
function rangeOf(parameters: URLSearchParams, records: number, pageSize: number): [number, number] {
  const token = parameters.get('$skiptoken')?.split('-').map(Number);
  if (token) return [token[0] ?? 0, token[1] ?? records];
  const filter = parameters.get('$filter') ?? '';
  const time = (operator: string): Date | undefined => {
    const found = new RegExp(`${operator} (?:datetime')?(\\d{4}-[\\d:T-]+)`).exec(filter)?.[1];
    return found === undefined ? undefined : new Date(`${found}Z`);
  };
  const [since, before] = [time('ge'), time('lt')];
  const aligned = (index: number): number => Math.round(index / pageSize) * pageSize;
  return [
    since ? aligned(firstSince(since)) : 0,
    before ? Math.min(records, aligned(firstSince(before))) : records,
  ];
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
