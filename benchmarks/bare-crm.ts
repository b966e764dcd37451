import http from 'node:http';
import axios from 'axios';
import type { JournalEntry } from '../legacy-client/sandbox';
import type { Face, Stage } from './stage';

interface Page {
  readonly d?: { readonly results?: readonly unknown[]; readonly __next?: string };
  readonly value?: readonly unknown[];
  readonly '@odata.nextLink'?: string;
  readonly '@odata.etag'?: string;
}

const agent = new http.Agent({ keepAlive: true });
const bare = axios.create({ httpAgent: agent });

const headersOf: Readonly<Record<Face, Readonly<Record<string, string>>>> = {
  dynamics2011: { Accept: 'application/json' },
  dataverse: { Accept: 'application/json', 'OData-Version': '4.0', 'OData-MaxVersion': '4.0' },
};

/** Close the connections that bare requests have left open. */
export function closeBareConnections(): void {
  agent.destroy();
}

/** Note the requests that some work of the library's causes. */
export async function requestsOf(
  { sandbox }: Stage,
  work: () => Promise<unknown>,
): Promise<JournalEntry[]> {
  await sandbox.clearJournal();
  await work();
  return sandbox.journal();
}

/** GET a list with axios alone, all pages one after the other. */
export async function getPages(
  { rootOf }: Stage,
  face: Face,
  first: JournalEntry,
): Promise<unknown[]> {
  const records: unknown[] = [];
  let url: string | undefined = addressOf(rootOf(face), first);
  while (url !== undefined) {
    const answer: { data: Page } = await bare.get<Page>(url, { headers: headersOf[face] });
    const { d, value, '@odata.nextLink': next } = answer.data;
    records.push(...(d?.results ?? value ?? []));
    url = d ? d.__next : next;
  }
  return records;
}

/** Send requests with axios alone, one after the other, for another record than they were noted for. */
export async function repeat(
  { rootOf }: Stage,
  face: Face,
  noted: { readonly requests: readonly JournalEntry[]; readonly key: string; readonly as: string },
): Promise<void> {
  let etag: string | undefined;
  for (const entry of noted.requests) {
    const body: unknown = entry.body;
    const data =
      body === undefined ? undefined : JSON.stringify(body).replaceAll(noted.key, noted.as);
    const answer = await bare.request<Page>({
      method: entry.method === 'MERGE' ? 'POST' : entry.method,
      url: addressOf(rootOf(face), entry).replaceAll(noted.key, noted.as),
      data,
      headers: { ...headersOf[face], ...(data && writingHeaders(face, entry, etag)) },
    });
    etag = answer.data['@odata.etag'] ?? etag;
  }
}

function writingHeaders(
  face: Face,
  { method }: JournalEntry,
  etag: string | undefined,
): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    ...(method === 'MERGE' && { 'X-HTTP-Method': 'MERGE' }),
    ...(face === 'dataverse' && { Prefer: 'return=representation' }),
    ...(method === 'PATCH' && etag !== undefined && { 'If-Match': etag }),
  };
}

/** The journal has its addresses decoded. */
function addressOf(root: string, { url }: JournalEntry): string {
  return `${root}/${encodeURI(url.replace(/^\//, ''))}`;
}
