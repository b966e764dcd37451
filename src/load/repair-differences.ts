import type { DualWrite, RightSide } from '../sync';
import { applyAnswer } from '../sync/refresh/apply';
import { fetchRecords, withKeys } from '../sync/refresh/fetch';
import { linkDeferred } from '../sync/refresh/parents';
import { refreshScope } from '../sync/refresh/scope';
import type { Runtime } from '../sync/runtime';
import { findingsOf, type Finding } from './findings';

/** What became of one difference. */
export interface RepairedDifference {
  readonly repaired: boolean;
  readonly failure?: string;
}

/** What {@link repairDifferences} works with. */
export interface Repairing {
  readonly runtime: Runtime;
  readonly dualWrite: DualWrite;
  /** The verification. */
  readonly load: string;
  readonly right: RightSide;
  /** Names of models, those first that others refer to. */
  readonly levels: readonly (readonly string[])[];
}

type Found = Finding & { readonly id: string };

const batchSize = 500;

/** Kinds that an ordinary refresh settles, many at once. */
const refreshed = ['notHere', 'fields', 'stamps'];

/**
 * Make both sides of what differs equal. Parents are made before their children, and deleted after
 * them. One that cannot be repaired stops nothing.
 *
 * @returns by the finding's id.
 */
export async function repairDifferences(
  work: Repairing,
): Promise<ReadonlyMap<string, RepairedDifference>> {
  const { right, levels } = work;
  const outcomes = new Map<string, RepairedDifference>();
  const deleting = right === 'legacy' ? 'notThere' : 'notHere';
  const others = ['notHere', 'notThere', 'fields', 'ahead', 'stamps', 'rejected'].filter(
    (kind) => kind !== deleting,
  );
  for (const names of levels) await repairModels(work, { names, kinds: others, outcomes });
  for (const names of levels.toReversed()) {
    await repairModels(work, { names, kinds: [deleting], outcomes });
  }
  return outcomes;
}

interface Turn {
  readonly names: readonly string[];
  readonly kinds: readonly string[];
  readonly outcomes: Map<string, RepairedDifference>;
}

async function repairModels(work: Repairing, { names, kinds, outcomes }: Turn): Promise<void> {
  let after = '0';
  for (;;) {
    const page = await findingsOf(work.runtime, work.load, { after, limit: batchSize, kinds });
    const last = page.at(-1);
    if (!last) return;
    after = last.id;
    for (const model of names) {
      const found = page.filter((one) => one.model === model);
      if (found.length > 0) await repairFound(work, { model, found, outcomes });
    }
  }
}

interface OfModel extends Pick<Turn, 'outcomes'> {
  readonly model: string;
  readonly found: readonly Found[];
}

async function repairFound(work: Repairing, { model, found, outcomes }: OfModel): Promise<void> {
  const inBulk =
    work.right === 'legacy' ? found.filter(({ kind }) => refreshed.includes(kind)) : [];
  await refreshAll(work, { model, found: inBulk, outcomes });
  for (const one of found) {
    if (inBulk.includes(one)) continue;
    outcomes.set(one.id, await repairOne(work, one));
  }
}

async function refreshAll({ runtime }: Repairing, of: OfModel): Promise<void> {
  const { model, found, outcomes } = of;
  const mapping = runtime.registry.get(model);
  if (!mapping || found.length === 0) return;
  const keys = found.flatMap(({ legacyId }) => legacyId ?? []);
  const scope = refreshScope(runtime);
  const answer = await fetchRecords(runtime, mapping, { filter: withKeys(mapping, keys) });
  const applied = await applyAnswer(scope, { mapping, ...answer });
  const dangling = (await linkDeferred(scope)).flatMap(({ records }) => records);
  const failures = new Map(
    [...applied.rejected, ...dangling].map(({ legacyId, reason }) => [legacyId, reason]),
  );
  for (const { legacyId } of applied.ahead) {
    failures.set(legacyId ?? '', 'The row has got local changes meanwhile.');
  }
  const came = new Set(answer.records.map(({ key }) => key));
  for (const { id, legacyId } of found) {
    const failure = failures.get(legacyId ?? '');
    const isGone = !came.has(legacyId ?? '');
    if (failure === undefined && !isGone) outcomes.set(id, { repaired: true });
    else outcomes.set(id, { repaired: false, failure: failure ?? 'The record is gone meanwhile.' });
  }
}

async function repairOne(
  { dualWrite, right }: Repairing,
  { model, localId, legacyId }: Found,
): Promise<RepairedDifference> {
  try {
    await dualWrite.repair(model, localId ?? legacyId ?? '', right);
    return { repaired: true };
  } catch (error) {
    return { repaired: false, failure: error instanceof Error ? error.message : String(error) };
  }
}
