import type { Mapping } from '../../mapping';
import { RejectedRecordError } from '../errors';
import { removeKept, settleAbsent } from '../refresh/absence';
import { refuseAhead } from '../refresh/apply';
import { linkDeferred } from '../refresh/parents';
import { placeOf } from '../refresh/scope';
import { pushRows } from '../write/push';
import type { LateKeys } from './late-rows';
import { setOf, type Knowledge } from './legs';
import { keptTombstones, type Gaps } from './verify';

/**
 * Find out about the rows of an answer that what was fetched does not vouch for.
 *
 * @returns the rows that are as they should be, after all.
 */
export async function closeGaps(knowledge: Knowledge, gaps: Gaps): Promise<LateKeys> {
  for (const { mapping, row } of gaps.ahead) knowledge.ahead.push({ mapping, rows: [row] });
  const late = new Map<Mapping, readonly string[]>();
  for (const [mapping, keys] of gaps.unseen) {
    const found = await settleUnseen(knowledge, mapping, keys);
    if (found.length > 0) late.set(mapping, found);
  }
  return late;
}

/** Each key is asked for once a call, all keys of a model together; gives those that are there. */
async function settleUnseen(
  knowledge: Knowledge,
  mapping: Mapping,
  keys: readonly string[],
): Promise<readonly string[]> {
  const { scope } = knowledge;
  const seen = setOf(knowledge.seen, mapping.name);
  const hidden = setOf(knowledge.hidden, mapping.name);
  const gone = setOf(knowledge.gone, mapping.name);
  const kept = await keptTombstones(placeOf(scope), mapping, keys);
  for (const key of await removeKept(scope, mapping, kept)) hidden.add(key);
  const unseen = keys.filter((key) => !kept.includes(key));
  const fresh = await knowledge.coverage?.freshKeys(mapping, unseen);
  for (const key of fresh ?? []) seen.add(key);
  const open = unseen.filter((key) => !fresh?.has(key));
  if (open.length === 0) return [...(fresh ?? [])];
  const settled = await settleAbsent(scope, mapping, {
    keys: open,
    gone: open.filter((key) => gone.has(key)),
    found: seen.size,
  });
  for (const key of settled.present) seen.add(key);
  for (const key of open) if (!seen.has(key)) gone.add(key);
  for (const key of settled.hidden) hidden.add(key);
  knowledge.rejected.push({ mapping, records: [...settled.rejected] });
  knowledge.ahead.push({ mapping, rows: [...settled.ahead] });
  return [...(fresh ?? []), ...settled.present];
}

/** Rows with local changes: sent now where the migrator says so, otherwise refused. */
async function settleAhead({ ahead, scope }: Knowledge): Promise<void> {
  for (const { mapping, rows } of ahead.splice(0)) {
    if (mapping.definition.onLocalAhead !== 'push') refuseAhead(mapping, rows);
    else await pushRows({ runtime: scope.runtime, mapping }, rows, scope.transaction);
  }
}

/** Set what had to wait, and refuse to answer from rows that are not as they should be. */
export async function settleRefresh(knowledge: Knowledge): Promise<void> {
  knowledge.rejected.push(...(await linkDeferred(knowledge.scope)));
  await settleAhead(knowledge);
  // Parents first: their children are rejected only because of them.
  for (const { mapping, records } of [...knowledge.scope.rejected, ...knowledge.rejected]) {
    if (mapping.definition.onRejected === 'skip') {
      // A row that is here already is not as the legacy system has it, either.
      for (const { legacyId } of records) setOf(knowledge.hidden, mapping.name).add(legacyId);
      continue;
    }
    const [first, ...rest] = records;
    if (first) throw new RejectedRecordError(mapping.name, [first, ...rest]);
  }
}
