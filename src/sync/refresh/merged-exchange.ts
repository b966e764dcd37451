import type { Sequelize } from 'sequelize';
import type { LegacyFilter, LegacyProperty, LegacyValue } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import type { Runtime } from '../runtime';
import { exchange, type Asked, type FetchQuery, type Member, type Point } from './exchange';

/** Longer lists are sent on their own: they would only delay the others. */
const maxValues = 100;

/** The values that a query asks for, when it asks for records by key or by what they refer to. */
export function pointOf({ filter, top, orderBy }: FetchQuery): Point | undefined {
  if (!filter || top !== undefined || (orderBy ?? []).length > 0) return undefined;
  const asked = askedValues(filter);
  if (!asked || (asked.property.kind !== 'guid' && asked.property.kind !== 'lookup')) {
    return undefined;
  }
  const values = asked.values.filter((value) => typeof value === 'string');
  if (values.length < asked.values.length || values.length > maxValues) return undefined;
  return { property: asked.property, values: new Set(values.map((value) => value.toLowerCase())) };
}

/** A property, and the values of which it must have one. */
function askedValues(
  filter: LegacyFilter,
): { readonly property: LegacyProperty; readonly values: readonly LegacyValue[] } | undefined {
  if (filter.op === 'in') return filter;
  if (filter.op !== 'eq') return undefined;
  return { property: filter.property, values: [filter.value] };
}

interface Merging {
  readonly members: Member[];
  readonly answer: Promise<Asked>;
}

const merging = new WeakMap<Sequelize, Map<string, Merging>>();

/**
 * Send what is asked for by key, or by what it refers to, together with all else that is asked for so
 * in this tick: a thousand `findByPk`, or the getters of a thousand rows, are a few requests. Each
 * member is given its own records only. One that comes later never joins.
 */
export function mergedExchange(
  runtime: Runtime,
  mapping: Mapping,
  member: Member & { readonly point: Point },
): Promise<Asked> {
  const open = merging.get(runtime.pool) ?? new Map<string, Merging>();
  merging.set(runtime.pool, open);
  const { property } = member.point;
  const name = `${mapping.name} ${property.name}`;
  const waiting = open.get(name) ?? begin(runtime, mapping, { property, open, name });
  waiting.members.push(member);
  return waiting.answer;
}

function begin(
  runtime: Runtime,
  mapping: Mapping,
  merge: { readonly property: LegacyProperty; readonly open: Map<string, Merging>; name: string },
): Merging {
  const { property, open, name } = merge;
  const members: Member[] = [];
  const send = async (): Promise<Asked> => {
    await new Promise((resolve) => setImmediate(resolve));
    open.delete(name);
    const filter = filterOf(property, members);
    return exchange(runtime, mapping, { filter }, members);
  };
  const begun = { members, answer: send() };
  open.set(name, begun);
  return begun;
}

/** Sorted, so that equal sets of values are equal requests. */
function filterOf(property: LegacyProperty, members: readonly Member[]): LegacyFilter {
  const values = new Set(members.flatMap(({ point }) => [...(point?.values ?? [])]));
  return { op: 'in', property, values: [...values].sort() };
}
