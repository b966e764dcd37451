import type { Transaction } from 'sequelize';
import type { Mapping } from '../mapping';
import { commitOrRollBack } from '../sync/commit-or-roll-back';
import { applyAnswer } from '../sync/refresh/apply';
import { refreshTable } from '../sync/refresh/input-sql';
import { isDataError, isLockTimeout } from '../sync/refresh/rejected';
import { incomingRows } from '../sync/refresh/row';
import { lockTimeoutMs, refreshScope, type RefreshScope } from '../sync/refresh/scope';
import type { Runtime } from '../sync/runtime';
import { askedAtOf, type ArrivedBatch } from './arrivals';
import { noteFindings, rejectedFindings, type Finding } from './findings';
import { CopyRefusedError } from './copy-fresh';
import { insertFresh } from './insert-fresh';
import { loadComment } from './load-comment';
import { noteLinks } from './note-links';
import { advance, type PartKey } from './load-state';

/** What has come of a part. */
export interface BatchToStore extends PartKey, ArrivedBatch {
  readonly mapping: Mapping;
  /** Models that are still being loaded: what is not here may come. */
  readonly awaited: readonly Mapping[];
}

/** Somebody else has gone on with the part; nothing was stored. */
export class PartTakenError extends Error {}

/**
 * Store what has come and how far its part is, in one transaction.
 *
 * Records that are not here yet are inserted in bulk; all others (and the whole batch, when
 * PostgreSQL refuses something in it) take the way of every refresh, which keeps rows that are ahead,
 * leaves those of open writes, and finds the records at fault.
 *
 * @throws PartTakenError
 */
export async function storeBatch(runtime: Runtime, batch: BatchToStore): Promise<void> {
  try {
    await storeInTransaction(runtime, batch, { inBulk: true });
  } catch (error) {
    const isCopyRefused = error instanceof CopyRefusedError;
    if (!isCopyRefused && !isDataError(error) && !isLockTimeout(error)) throw error;
    await storeInTransaction(runtime, batch, { inBulk: isCopyRefused });
  }
}

async function storeInTransaction(
  runtime: Runtime,
  batch: BatchToStore,
  { inBulk }: { readonly inBulk: boolean },
): Promise<void> {
  const { load, mapping, arrived } = batch;
  const records = arrived.flatMap((part) => part.records);
  const { rows, columns, rejected } = incomingRows(mapping, records);
  const table = await refreshTable(runtime, mapping, columns);
  const transaction = await runtime.pool.transaction({ transaction: null });
  await commitOrRollBack(transaction, async () => {
    await runtime.pool.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`, { transaction });
    const keys = inBulk
      ? await insertFresh(runtime, transaction, { load, table, rows, askedAt: askedAtOf(arrived) })
      : new Set(rows.map(({ key }) => key));
    const created = rows.length - keys.size;
    for (const { legacyId } of rejected) keys.add(legacyId);
    await storeOrdinarily(runtime, transaction, { batch, keys });
    const goesOn = await advance(runtime, transaction, { ...batch, created });
    if (!goesOn) throw new PartTakenError('Somebody else has gone on with this part.');
  });
}

async function storeOrdinarily(
  runtime: Runtime,
  transaction: Transaction,
  { batch, keys }: { readonly batch: BatchToStore; readonly keys: ReadonlySet<string> },
): Promise<void> {
  if (keys.size === 0) return;
  const { load, mapping, arrived } = batch;
  const scope: RefreshScope = {
    ...refreshScope(runtime),
    transaction,
    awaited: awaitedOf(batch),
    revision: { id: load, comment: loadComment },
  };
  const findings: Finding[] = [];
  for (const { records, askedAt } of arrived) {
    const own = records.filter(({ key }) => keys.has(key));
    if (own.length === 0) continue;
    const applied = await applyAnswer(scope, { mapping, records: own, askedAt });
    findings.push(
      ...rejectedFindings(mapping, applied.rejected),
      ...applied.ahead.map(({ id, legacyId }) => ({
        ...{ model: mapping.name, kind: 'ahead', legacyId, localId: String(id), detail: {} },
      })),
    );
  }
  await noteLinks(runtime, load, { deferred: scope.deferred, transaction });
  findings.push(
    ...scope.rejected.flatMap((part) => rejectedFindings(part.mapping, part.records)),
    ...[...scope.left].map((legacyId) => ({
      ...{ model: mapping.name, kind: 'left', legacyId, localId: null, detail: {} },
    })),
  );
  await noteFindings(runtime, load, { findings, transaction });
}

/**
 * Lookups to models that are still being loaded are set afterwards, but for those that a row cannot
 * be without: their targets are fetched at once.
 */
function awaitedOf({ mapping, awaited }: BatchToStore): Map<Mapping, Set<string>> {
  const needed = new Set(
    mapping.attributes.flatMap(({ attribute, target }) => {
      const { allowNull } = mapping.model.getAttributes()[attribute] ?? {};
      return target && allowNull === false ? [target] : [];
    }),
  );
  return new Map(
    awaited
      .filter((one) => !needed.has(one))
      .map((one): [Mapping, Set<string>] => [one, new Set()]),
  );
}
