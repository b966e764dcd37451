import type { Sequelize } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import { applyAnswer, type Answer, type Applied } from './apply';
import { linkDeferred } from './parents';
import { refreshScope, type RefreshScope } from './scope';

/** Larger answers are stored on their own. */
const maxRecords = 100;

interface Waiting {
  readonly scope: RefreshScope;
  readonly records: readonly LegacyRecord[];
  readonly resolve: (applied: Applied) => void;
  readonly reject: (reason: unknown) => void;
}

const desks = new WeakMap<Sequelize, Map<string, Waiting[]>>();

/**
 * {@link applyAnswer}, together with others that were given parts of the same exchange: a thousand
 * calls for a record each store their records by one set of statements.
 */
export function applyTogether(scope: RefreshScope, answer: Answer): Promise<Applied> {
  const { mapping, records, askedAt } = answer;
  const isOwn = scope.caller !== undefined || scope.awaited.size > 0;
  if (isOwn || records.length === 0 || records.length > maxRecords) {
    return applyAnswer(scope, answer);
  }
  const { pool } = scope.runtime;
  const open = desks.get(pool) ?? new Map<string, Waiting[]>();
  desks.set(pool, open);
  const name = `${mapping.name} ${askedAt.getTime()}`;
  return new Promise((resolve, reject) => {
    const one: Waiting = { scope, records, resolve, reject };
    const waiting = open.get(name);
    if (waiting) {
      waiting.push(one);
      return;
    }
    open.set(name, [one]);
    void serve(open, name, answer);
  });
}

/** One batch at a time; what comes meanwhile is the next one. */
async function serve(open: Map<string, Waiting[]>, name: string, answer: Answer): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const batch = open.get(name)?.splice(0) ?? [];
    if (batch.length === 0) break;
    await applyBatch(batch, answer);
  }
  open.delete(name);
}

async function applyBatch(batch: readonly Waiting[], answer: Answer): Promise<void> {
  const [first, ...rest] = batch;
  if (!first) return;
  try {
    const applied = rest.length > 0 ? await jointly(batch, first, answer) : undefined;
    for (const one of applied ? batch : []) one.resolve(partOf(applied, one));
    if (applied) return;
  } catch {
    // Each of them then meets what fails for itself.
  }
  for (const { scope, records, resolve, reject } of batch) {
    await applyAnswer(scope, { ...answer, records }).then(resolve, reject);
  }
}

/** @returns undefined when a record could not be kept: it concerns those only who asked for it. */
async function jointly(
  batch: readonly Waiting[],
  { scope: { runtime } }: Waiting,
  answer: Answer,
): Promise<Applied | undefined> {
  const scope = refreshScope(runtime);
  const records = new Map(
    batch.flatMap((one) => one.records.map((record) => [record.key, record])),
  );
  const applied = await applyAnswer(scope, { ...answer, records: [...records.values()] });
  const dangling = await linkDeferred(scope);
  const isRefused = [...scope.rejected, ...dangling].some((part) => part.records.length > 0);
  if (isRefused || applied.rejected.length > 0) return undefined;
  for (const one of batch) for (const key of scope.left) one.scope.left.add(key);
  return applied;
}

function partOf(applied: Applied | undefined, { records }: Waiting): Applied {
  const own = new Set(records.map(({ key }) => key));
  const ahead = applied?.ahead.filter(({ legacyId }) => own.has(String(legacyId))) ?? [];
  return { rejected: [], ahead };
}
