import { gzipSync } from 'node:zlib';
import {
  LegacyResponseError,
  type LegacyClient,
  type LegacyClientOptions,
  type LinkedPage,
} from '../../../legacy-client';
import { startServer, type ScriptedServer } from '../scripted-server';
import { closingClients } from '../closing-clients';

const entity = {
  entitySet: 'accounts',
  key: 'accountid',
  properties: [
    { name: 'name', kind: 'string' },
    { name: 'revenue', kind: 'decimal' },
  ],
} as const;

const keyOf = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;

/** About 250 bytes each. */
function recordsOf(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) =>
    JSON.stringify({
      ...{ accountid: keyOf(from + at), name: `Fictional "${from + at}" [架]`.padEnd(150, '.') },
      revenue: 0.25,
    }).replace('0.25', '1234567890123456.25'),
  );
}

function page(from: number, count: number, next?: string): string {
  const link = next === undefined ? '' : `,"@odata.nextLink":"${next}"`;
  return `{"@odata.context":"x","value":[${recordsOf(from, count).join(',')}]${link}}`;
}

const ofJson = { 'Content-Type': 'application/json' };

describe('large pages', () => {
  let server: ScriptedServer;
  const openClient = closingClients();

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const connect = (options: Partial<LegacyClientOptions> = {}): LegacyClient => {
    return openClient({ baseUrl: server.root, dialect: 'odata4', ...options });
  };
  const readAll = async (client: LegacyClient): Promise<LinkedPage[]> => {
    const pages: LinkedPage[] = [];
    for await (const one of client.linkedPages(entity)) pages.push(one);
    return pages;
  };
  const keysIn = (pages: readonly LinkedPage[]): string[] =>
    pages.flatMap(({ records }) => records.map(({ key }) => key));

  it('come in parts, and the last part says where the next page is', async () => {
    server.script = ({ url }, response) => {
      response.writeHead(200, ofJson);
      response.end(url.includes('second') ? page(5000, 10) : page(0, 5000, 'accounts?second'));
    };
    const pages = await readAll(connect());
    expect(pages.length).toBeGreaterThan(4);
    expect(pages.filter(({ next }) => next !== undefined).map(({ next }) => next)).toEqual([
      `${server.root}/accounts?second`,
      null,
    ]);
    expect(keysIn(pages)).toEqual(Array.from({ length: 5010 }, (_, at) => keyOf(at)));
    expect(pages[0]?.records[7]?.values).toMatchObject({ revenue: '1234567890123456.25' });
  });

  it('are read at the pace of the one who takes them, without a turn of the limit', async () => {
    let sent = 0;
    server.script = async ({ url }, response) => {
      response.writeHead(200, ofJson);
      if (url.includes('%24top') || url.includes('$top')) {
        response.end('{"value":[]}');
        return;
      }
      response.write('{"value":[');
      for (let at = 0; at < 1000; at += 1) {
        const record = JSON.stringify({ accountid: keyOf(at), name: '.'.repeat(16_000) });
        sent += record.length;
        if (response.write((at === 0 ? '' : ',') + record)) continue;
        await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end(']}');
    };
    const client = connect({ maxConcurrency: 1, timeoutMs: 5000 });
    const pages = client.linkedPages(entity)[Symbol.asyncIterator]();
    await pages.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const early = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBe(early);
    expect(sent).toBeLessThan(12_000_000);
    // The only turn is free for others.
    expect(await client.list(entity, { top: 1 })).toEqual([]);
    let parts = 1;
    while ((await pages.next()).done !== true) parts += 1;
    expect(parts).toBeGreaterThan(20);
  }, 20_000);

  it('are asked for again when they break off, and nothing comes twice', async () => {
    let tries = 0;
    server.script = (_request, response) => {
      tries += 1;
      const body = page(0, 5000);
      if (tries > 1) {
        response.writeHead(200, ofJson).end(body);
        return;
      }
      response.writeHead(200, { ...ofJson, 'Content-Length': Buffer.byteLength(body) });
      response.write(body.slice(0, 700_000), () => response.destroy());
    };
    const pages = await readAll(connect());
    expect(tries).toBe(2);
    expect(keysIn(pages)).toEqual(Array.from({ length: 5000 }, (_, at) => keyOf(at)));
  });

  it.each([
    ['cut off', (body: string) => body.slice(0, -2)],
    [
      'malformed far behind',
      (body: string) => `${body.slice(0, 900_000)}${body.slice(900_000).replace('},{', '},,{')}`,
    ],
    ['without an end of the list', (body: string) => body.replace(/\]\}$/, '}')],
    [
      'with a record without its key',
      (body: string) => body.replace(`"accountid":"${keyOf(4000)}",`, ''),
    ],
    ['another document', (body: string) => body.replace('"value"', '"values"')],
  ])('that are %s are an error at their end', async (_what, spoil) => {
    server.script = (_request, response) => {
      response.writeHead(200, ofJson).end(spoil(page(0, 5000)));
    };
    const error: unknown = await readAll(connect()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LegacyResponseError);
    expect(error).toMatchObject({ status: 200, outcome: 'unknown' });
  });

  it.each(['gzip', 'identity'])(
    'are an error when they are larger than may be, and no more is read (%s)',
    async (encoding) => {
      let closed = 0;
      server.script = (_request, response) => {
        response.on('close', () => (closed += 1));
        response.writeHead(200, { ...ofJson, 'Content-Encoding': encoding });
        const body = page(0, 20_000);
        response.end(encoding === 'gzip' ? gzipSync(body) : body);
      };
      const client = connect({ maxAnswerBytes: 1024 * 1024 });
      await expect(readAll(client)).rejects.toThrow('The answer is larger than 1 MiB');
      await expect(client.list(entity)).rejects.toThrow('The answer is larger than 1 MiB');
      expect(closed).toBeGreaterThan(0);
    },
  );

  it('that never end are given up in time', async () => {
    server.script = (_request, response) => {
      response.writeHead(200, ofJson);
      response.write('{"value":[');
    };
    const client = connect({ timeoutMs: 200, maxAttempts: 1 });
    await expect(readAll(client)).rejects.toThrow(/200 ms/);
  });

  it('may be left in the middle', async () => {
    server.script = (_request, response) => {
      response.writeHead(200, ofJson).end(page(0, 5000, 'accounts?second'));
    };
    const client = connect();
    for await (const { records } of client.linkedPages(entity)) {
      expect(records.length).toBeGreaterThan(0);
      break;
    }
    expect(server.received.at(-1)?.url).not.toContain('second');
  });

  it('of Atom come in parts, too', async () => {
    const entry = (at: number): string =>
      `<entry><content type="application/xml"><m:properties><d:accountid m:type="Edm.Guid">` +
      `${keyOf(at)}</d:accountid><d:name>Fictional &lt;${at}&gt; ${'.'.repeat(150)}</d:name>` +
      `<d:revenue m:type="Edm.Decimal">12.50</d:revenue></m:properties></content></entry>`;
    server.script = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/atom+xml' });
      response.end(
        `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:d="urn:d" xmlns:m="urn:m">` +
          `${Array.from({ length: 4000 }, (_, at) => entry(at)).join('\n')}</feed>`,
      );
    };
    const pages = await readAll(connect({ dialect: 'odata2' }));
    expect(pages.length).toBeGreaterThan(3);
    expect(keysIn(pages)).toEqual(Array.from({ length: 4000 }, (_, at) => keyOf(at)));
    expect(pages[0]?.records[3]?.values).toEqual({
      name: `Fictional <3> ${'.'.repeat(150)}`,
      revenue: '12.50',
    });
  });
});
