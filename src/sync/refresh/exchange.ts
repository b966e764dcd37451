import {
  LegacyNotFoundError,
  type LegacyFilter,
  type LegacyProperty,
  type LegacyQuery,
  type LegacyRecord,
} from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import type { Runtime } from '../runtime';

/** What is asked for. */
export type FetchQuery = Pick<LegacyQuery, 'filter' | 'top' | 'orderBy'>;

/** A part of an answer. */
export interface Page {
  readonly records: readonly LegacyRecord[];
  /** When the whole answer was asked for, by the database's clock. */
  readonly askedAt: Date;
}

/** Takes the records of an answer, a page at a time; the page after it waits for that. */
export type Receive = (page: Page) => Promise<void> | void;

/** Records that have one of some values in one property. */
export interface Point {
  readonly property: LegacyProperty;
  readonly values: ReadonlySet<string>;
}

/** Who has asked for an exchange. */
export interface Member {
  readonly receive: Receive;
  /** Only these records are for this member; undefined: all. */
  readonly point: Point | undefined;
  /** Why this member takes no more; the others go on. */
  failure?: { readonly reason: unknown };
}

/** The end of an answer. */
export interface Asked {
  readonly askedAt: Date;
  /** Keys that the service itself says do not exist. */
  readonly gone: readonly string[];
}

/** Send a query, all its pages; equal ones of the same moment share one exchange. */
export async function exchange(
  runtime: Runtime,
  mapping: Mapping,
  query: FetchQuery,
  own: readonly Member[],
): Promise<Asked> {
  const { client, exchanges, clock } = runtime;
  const { filter, top, orderBy } = query;
  const text = filter ? client.dialect.filter(filter) : null;
  const name = JSON.stringify([mapping.name, text, top, orderBy]);
  return exchanges.join(name, own, async (joined) => {
    const askedAt = await clock.now();
    const deliver = delivery(mapping, joined.flat(), askedAt);
    const only = filter && onlyKey(mapping, filter);
    const gone = await (only === undefined
      ? listPages(runtime, mapping, { query, deliver })
      : getOne(runtime, mapping, { key: only, deliver }));
    noteActivity(runtime, mapping, askedAt);
    return { askedAt, gone };
  });
}

/** Hands records to members; false when no member takes any more. */
type Deliver = (records: readonly LegacyRecord[]) => Promise<boolean>;

function delivery(mapping: Mapping, members: readonly Member[], askedAt: Date): Deliver {
  const divide = division(mapping, members);
  return async (records) => {
    await Promise.all(
      divide(records).map(async ([member, share]) => {
        if (member.failure) return;
        try {
          await member.receive({ records: share, askedAt });
        } catch (reason) {
          member.failure = { reason };
        }
      }),
    );
    return members.some(({ failure }) => !failure);
  };
}

/** Divide a page among the members, without looking at each record for each of them. */
function division(
  mapping: Mapping,
  members: readonly Member[],
): (records: readonly LegacyRecord[]) => (readonly [Member, readonly LegacyRecord[]])[] {
  const byValue = new Map<string, Member[]>();
  for (const member of members) {
    for (const value of member.point?.values ?? []) {
      const same = byValue.get(value);
      if (same) same.push(member);
      else byValue.set(value, [member]);
    }
  }
  const all = members.filter(({ point }) => !point);
  const property = members.find(({ point }) => point)?.point?.property;
  return (records) => {
    const shares = new Map<Member, LegacyRecord[]>();
    for (const record of property ? records : []) {
      for (const member of byValue.get(valueOf(mapping, record, property)) ?? []) {
        const share = shares.get(member);
        if (share) share.push(record);
        else shares.set(member, [record]);
      }
    }
    return [...all.map((member) => [member, records] as const), ...shares];
  };
}

function valueOf(
  { entity }: Mapping,
  record: LegacyRecord,
  property: LegacyProperty | undefined,
): string {
  if (property?.name === entity.key) return record.key;
  return String(record.values[property?.name ?? ''] ?? '').toLowerCase();
}

async function listPages(
  { client }: Runtime,
  mapping: Mapping,
  { query, deliver }: { query: FetchQuery; deliver: Deliver },
): Promise<readonly string[]> {
  const pages = client.pages(mapping.entity, query)[Symbol.asyncIterator]();
  let next = pages.next();
  for (let step = await next; step.done !== true; step = await next) {
    // The next page is asked for while the members work on this one.
    next = pages.next();
    next.catch(() => undefined);
    if (await deliver(step.value)) continue;
    await next.catch(() => undefined);
    await pages.return?.();
    break;
  }
  return [];
}

/** A single GET, because its not-found answer is certain where an empty list is not. */
async function getOne(
  { client }: Runtime,
  mapping: Mapping,
  { key, deliver }: { key: string; deliver: Deliver },
): Promise<readonly string[]> {
  try {
    await deliver([await client.get(mapping.entity, key)]);
    return [];
  } catch (error) {
    if (error instanceof LegacyNotFoundError) return [key];
    throw error;
  }
}

/** The key when a filter asks for one record by key. */
function onlyKey(mapping: Mapping, filter: LegacyFilter): string | undefined {
  if (!('property' in filter) || filter.property.name !== mapping.entity.key) return undefined;
  const values = filter.op === 'in' ? filter.values : filter.op === 'eq' ? [filter.value] : [];
  const [key] = values;
  return values.length === 1 && typeof key === 'string' ? key : undefined;
}

function noteActivity(runtime: Runtime, mapping: Mapping, at: Date): void {
  const activity = runtime.activity.get(mapping.name);
  if (!activity) return;
  activity.lastRefreshAt = at;
  activity.refreshes += 1;
}
