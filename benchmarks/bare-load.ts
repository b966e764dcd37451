import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { bodiesFrom, type Page } from './page-server';

/** Organisations as anybody would load them: each page parsed, and copied into the table. */
export class BareLoad {
  constructor(
    private readonly client: Client,
    /** Local keys by legacy keys, of what organisations refer to. */
    private readonly targets: ReadonlyMap<string, string>,
  ) {}

  /** Pages that are in memory already. */
  async parseAndCopy(bodies: Iterable<string>): Promise<undefined> {
    for (const body of bodies) await this.#copyPage(body);
    return undefined;
  }

  /** Pages that are asked for one after the other. */
  async getAndCopy(firstUrl: string): Promise<undefined> {
    for await (const body of bodiesFrom(firstUrl)) await this.#copyPage(body);
    return undefined;
  }

  async #copyPage(body: string): Promise<void> {
    const page = JSON.parse(body) as Page;
    const lines = (page.d?.results ?? page.value ?? []).map((raw) => {
      const value = (name: string): unknown => raw[name] ?? raw[name.toLowerCase()];
      const [modified, created] = [instant(value('ModifiedOn')), instant(value('CreatedOn'))];
      const cells = [
        ...[randomUUID(), value('AccountId'), ...names.map(value)],
        ...[day(value('optevia_FoundedOn')), instant(value('optevia_LastVerified'))],
        ...lookups.map((name) => this.targets.get(keyIn(raw, name))),
        ...[raw['@odata.etag'], modified, modified, created, false],
      ];
      return cells.map(cell).join('\t');
    });
    const into = `COPY organisations (${columns.join(', ')}) FROM STDIN`;
    const stream = this.client.query(copyFrom(into));
    stream.end(`${lines.join('\n')}\n`);
    await finished(stream);
  }
}

/** All that a load of the library fills, but for the parents, which may come later than their children. */
const columns = [
  ...['id', 'legacy_id', 'name', 'description', 'account_number', 'telephone', 'website'],
  ...['employees', 'revenue', 'rating', 'is_uk', 'customer_type', 'founded_on'],
  ...['last_verified_at', 'sector_id', 'country_id', 'legacy_version', 'legacy_modified_at'],
  ...['modified_at', 'created_at', 'newsletter_opt_in'],
];

const names = [
  ...['Name', 'Description', 'AccountNumber', 'Telephone1', 'WebSiteURL', 'NumberOfEmployees'],
  ...['Revenue', 'optevia_Rating', 'optevia_ukorganisation', 'CustomerTypeCode'],
];

const lookups = ['optevia_Sector', 'optevia_Country'];

function keyIn(raw: Readonly<Record<string, unknown>>, lookup: string): string {
  const value = raw[lookup] ?? raw[`_${lookup.toLowerCase()}_value`];
  const key: unknown = typeof value === 'object' ? (value as { Id?: unknown } | null)?.Id : value;
  return typeof key === 'string' ? key : '';
}

/** `/Date(1448547732000)/`, or a text of ISO 8601. */
function instant(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return value.startsWith('/') ? new Date(Number(value.slice(6, -2))).toISOString() : value;
}

function day(value: unknown): string | null {
  return instant(value)?.slice(0, 10) ?? null;
}

/** NOTE: what 2011 sends as `{ Value: 1 }` is an option or an amount. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'object') return cell((value as { Value?: unknown }).Value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/[\\\t\n\r]/g, (one) => escapes[one] ?? one);
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};
