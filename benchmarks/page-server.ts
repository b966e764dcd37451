import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { DualWrite } from '../src';
import type { PagedSets, SamplePages } from './page-maker';
import type { Face, Stage } from './stage';

/** A server of any number of made organisations, so cheap that it is not what is measured. */
export interface PageServer {
  readonly rootOf: (face: Face) => string;
  close(): Promise<void>;
}

/** Records that the made ones are copies of, with keys and times of creation of their own. */
const sampleSize = 5000;

/**
 * Take a sample of the sandbox's own pages, and serve as many records like these as are wanted, from a
 * process of its own: the sandbox itself takes more of the machine than what is to be measured.
 */
export async function startPageServer(
  stage: Stage,
  faces: readonly Face[],
  records: number,
): Promise<PageServer> {
  const sets: Record<string, PagedSets> = {};
  for (const face of faces) {
    const dualWrite = await stage.connect(face);
    await stage.fill(sampleSize);
    sets[face] = await sampleOf(dualWrite);
  }
  const file = require.resolve('./page-server-process');
  const loader = createRequire(__filename).resolve('tsx/cjs');
  const child = spawn(process.execPath, ['--require', loader, file, String(records)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write(`${JSON.stringify(sets)}\n`);
  const url = await firstLine(child);
  return {
    rootOf: (face) => `${url}/${face}`,
    close: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('The page server has no output to read.');
  const lines = createInterface({ input: stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

/** What a load of organisations asks for, as the sandbox answers. */
async function sampleOf(dualWrite: DualWrite): Promise<PagedSets> {
  const sets: Record<string, SamplePages> = {};
  for (const name of ['Organisation', 'Country', 'Sector']) {
    const entity = dualWrite.mappings.get(name)?.entity;
    const [first] = entity ? dualWrite.client.listRequests(entity) : [];
    if (!entity || !first) throw new Error(`${name} is not mapped.`);
    const pages: string[] = [];
    for await (const body of bodiesFrom(first.url)) pages.push(body);
    sets[entity.entitySet] = {
      ...{ pages, isMade: name === 'Organisation' },
      ...{ key: entity.key, createdOn: entity.createdOn ?? '' },
    };
  }
  return sets;
}

const agent = new http.Agent({ keepAlive: true });

/** GET one page, as the library does. */
function getPage(url: string): Promise<Buffer> {
  const headers = {
    ...{ Accept: 'application/json', Prefer: 'odata.maxpagesize=5000' },
    ...{ 'OData-Version': '4.0', 'OData-MaxVersion': '4.0' },
  };
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve(Buffer.concat(chunks));
        });
        answer.on('error', reject);
      })
      .on('error', reject);
  });
}

/** A page of either face. */
export interface Page {
  readonly d?: { readonly results?: readonly Raw[]; readonly __next?: string };
  readonly value?: readonly Raw[];
  readonly '@odata.nextLink'?: string;
}

/** A record as it is sent. */
export type Raw = Readonly<Record<string, unknown>>;

/** GET all pages from an address on. */
export async function* bodiesFrom(first: string): AsyncGenerator<string, void, undefined> {
  let url: string | undefined = first;
  while (url !== undefined) {
    const body = (await getPage(url)).toString('utf8');
    yield body;
    url = nextOf(JSON.parse(body) as Page);
  }
}

/** The address of the next page. */
function nextOf(page: Page): string | undefined {
  return page.d ? page.d.__next : page['@odata.nextLink'];
}
