import { QueryTypes } from 'sequelize';
import { LegacyTokenExpiredError } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { localTable } from '../local-table';
import { withKeys } from '../refresh/fetch';
import type { Runtime } from '../runtime';
import { keepFeedState, type FeedLook, type FeedState } from './feed-state';
import type { Following } from './following';
import { Intake } from './intake';
import { forgetLacking } from './lacking';

/** What a pull works with. Whoever calls holds the lock of the model's feed. */
export interface Pull {
  readonly runtime: Runtime;
  readonly mapping: Mapping;
  readonly following: Following;
  /** What was found under the lock. */
  readonly look: FeedLook;
  readonly signal: AbortSignal;
}

/**
 * NOTE: Dataverse keeps what has changed for seven days by default. It is not documented for every
 * message what an older token is answered with, and an answer without the deletions would be wrong.
 */
const tokenTrustMs = 6 * 24 * 3_600_000;

/** Bring a followed model up to date: by what has changed since, or all of it. */
export async function pullChanges(pull: Pull): Promise<FeedLook> {
  const { look, mapping, runtime } = pull;
  const { state, now } = look;
  if (!state?.token || !state.completeSince)
    return loadCompletely(pull, 'it was not loaded before');
  if (look.lacking.length > 0) return loadCompletely(pull, 'a skipped call has removed rows here');
  if (now.getTime() - state.askedAt.getTime() > tokenTrustMs) {
    return loadCompletely(pull, 'the last look at what has changed is too long ago');
  }
  try {
    return await followOn(pull, { ...state, token: state.token });
  } catch (error) {
    if (!(error instanceof LegacyTokenExpiredError)) throw error;
    runtime.logger?.warn({ model: mapping.name }, 'The token of a feed has expired');
    return loadCompletely(pull, 'the token has expired');
  }
}

async function followOn(pull: Pull, state: FeedState & { token: string }): Promise<FeedLook> {
  const { runtime, mapping, following, look, signal } = pull;
  const { client } = runtime;
  const askedAt = look.now;
  const intake = new Intake(runtime, mapping, { ...state, askedAt });
  const deleted = new Set<string>();
  let token: string = state.token;
  const { overlapMs } = following;
  const feed = client.changes(mapping.entity, { since: state.token, overlapMs, signal });
  for await (const page of feed) {
    for (const { key } of page.changed) deleted.delete(key);
    for (const key of page.deleted) deleted.add(key);
    await intake.take(page.changed);
    token = page.token ?? token;
  }
  await intake.remove(deleted);
  await intake.retry();
  const isDue = look.now.getTime() - (state.sweptAt?.getTime() ?? 0) > following.sweepEveryMs;
  const sweeps = client.dialect.changes === 'stamp' && isDue;
  if (sweeps) await sweep(pull, intake);
  return keepFeedState(runtime, mapping, {
    ...state,
    ...{ askedAt, token, sweptAt: sweeps ? askedAt : state.sweptAt },
    ...{ pending: [...intake.pending], kept: [...intake.kept] },
  });
}

/**
 * Read every record, a page at a time. What is changed meanwhile comes with the next pull: the token
 * is from before the first page.
 */
async function loadCompletely(pull: Pull, reason: string): Promise<FeedLook> {
  const { runtime, mapping, following, look, signal } = pull;
  const { client, logger } = runtime;
  logger?.info({ model: mapping.name, reason }, 'A followed model is loaded completely');
  const askedAt = look.now;
  const intake = new Intake(runtime, mapping, { askedAt, pending: [], kept: [] });
  const found = new Set<string>();
  let token: string | null = null;
  const { overlapMs } = following;
  for await (const page of client.changes(mapping.entity, { overlapMs, signal })) {
    for (const { key } of page.changed) found.add(key);
    await intake.take(page.changed);
    token = page.token ?? null;
  }
  await intake.settleMissing(found);
  await forgetLacking(runtime, look);
  const complete = (): FeedState => ({
    ...{ askedAt, token, completeSince: askedAt, sweptAt: askedAt },
    ...{ pending: [...intake.pending], kept: [...intake.kept] },
  });
  await keepFeedState(runtime, mapping, complete());
  // What has been stored meanwhile from an older answer; from now on such answers are asked for again.
  await intake.settleMissing(found);
  const known = await keepFeedState(runtime, mapping, complete());
  logger?.info({ model: mapping.name, records: found.size }, 'A followed model is complete');
  return known;
}

/** Compare all keys: stamps tell of no deletion, nor of a record that came with an old stamp. */
async function sweep({ runtime, mapping, signal }: Pull, intake: Intake): Promise<void> {
  const keys = new Set<string>();
  for await (const page of runtime.client.keys(mapping.entity, { signal })) {
    for (const key of page) keys.add(key);
  }
  await intake.settleMissing(keys);
  const unknown = await keysNotHere(runtime, mapping, [...keys]);
  if (unknown.length === 0) return;
  const filter = withKeys(mapping, unknown);
  for await (const records of runtime.client.pages(mapping.entity, { filter }, { signal })) {
    await intake.take(records);
  }
}

async function keysNotHere(
  runtime: Runtime,
  mapping: Mapping,
  keys: readonly string[],
): Promise<string[]> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  const rows = await runtime.pool.query<{ key: string }>(
    `
SELECT key FROM unnest($1::uuid[]) AS key
 WHERE NOT EXISTS (SELECT FROM ${name} t WHERE t.${t.legacyId} = key
                   ${t.deletedAt ? `AND t.${t.deletedAt} IS NULL` : ''})`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: null },
  );
  return rows.map(({ key }) => key);
}
