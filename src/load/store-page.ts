import type { Transaction } from 'sequelize';
import type { LegacyRecord } from '../../legacy-client';
import type { Mapping } from '../mapping';
import { commitOrRollBack } from '../sync/commit-or-roll-back';
import { applyAnswer } from '../sync/refresh/apply';
import { refreshTable } from '../sync/refresh/input-sql';
import { isDataError, isLockTimeout } from '../sync/refresh/rejected';
import { incomingRows } from '../sync/refresh/row';
import { lockTimeoutMs, refreshScope, type RefreshScope } from '../sync/refresh/scope';
import type { Runtime } from '../sync/runtime';
import { noteFindings, rejectedFindings, type Finding } from './findings';
import { insertFresh, loadComment } from './insert-fresh';
import { noteLinks } from './links';
import { advance, type PartKey } from './load-state';

/** A page of a part. */
export interface PageToStore extends PartKey {
  readonly mapping: Mapping;
  readonly records: readonly LegacyRecord[];
  /** When it was asked for, by the database's clock. */
  readonly askedAt: Date;
  readonly from: string | null;
  readonly next: string | null;
  /** Models that are still being loaded: what is not here may come. */
  readonly awaited: readonly Mapping[];
}

/** Somebody else has gone on with the part; nothing was stored. */
export class PartTakenError extends Error {}

/**
 * Store a page and how far its part is, in one transaction.
 *
 * Records that are not here yet are inserted in bulk; all others (and the whole page, when
 * PostgreSQL refuses something in it) take the way of every refresh, which keeps rows that are ahead,
 * leaves those of open writes, and finds the records at fault.
 *
 * @throws PartTakenError
 */
export async function storePage(runtime: Runtime, page: PageToStore): Promise<void> {
  try {
    await storeInTransaction(runtime, page, { inBulk: true });
  } catch (error) {
    if (!isDataError(error) && !isLockTimeout(error)) throw error;
    await storeInTransaction(runtime, page, { inBulk: false });
  }
}

async function storeInTransaction(
  runtime: Runtime,
  page: PageToStore,
  { inBulk }: { readonly inBulk: boolean },
): Promise<void> {
  const { load, mapping, records, askedAt } = page;
  const { rows, columns, rejected } = incomingRows(mapping, records);
  const table = await refreshTable(runtime, mapping, columns);
  const transaction = await runtime.pool.transaction({ transaction: null });
  await commitOrRollBack(transaction, async () => {
    await runtime.pool.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`, { transaction });
    const keys = inBulk
      ? await insertFresh(runtime, transaction, { load, table, rows, askedAt })
      : new Set(rows.map(({ key }) => key));
    const created = rows.length - keys.size;
    for (const { legacyId } of rejected) keys.add(legacyId);
    await storeOrdinarily(runtime, transaction, { page, keys });
    const goesOn = await advance(runtime, transaction, {
      ...page,
      records: records.length,
      created,
    });
    if (!goesOn) throw new PartTakenError('Somebody else has gone on with this part.');
  });
}

async function storeOrdinarily(
  runtime: Runtime,
  transaction: Transaction,
  { page, keys }: { readonly page: PageToStore; readonly keys: ReadonlySet<string> },
): Promise<void> {
  if (keys.size === 0) return;
  const { load, mapping, askedAt } = page;
  const records = page.records.filter(({ key }) => keys.has(key));
  const scope: RefreshScope = {
    ...refreshScope(runtime),
    transaction,
    awaited: awaitedOf(page),
    revision: { id: load, comment: loadComment },
  };
  const applied = await applyAnswer(scope, { mapping, records, askedAt });
  await noteLinks(runtime, load, { deferred: scope.deferred, transaction });
  const findings: Finding[] = [
    ...rejectedFindings(mapping, applied.rejected),
    ...scope.rejected.flatMap((part) => rejectedFindings(part.mapping, part.records)),
    ...applied.ahead.map(({ id, legacyId }) => ({
      ...{ model: mapping.name, kind: 'ahead', legacyId, localId: String(id), detail: {} },
    })),
    ...[...scope.left].map((legacyId) => ({
      ...{ model: mapping.name, kind: 'left', legacyId, localId: null, detail: {} },
    })),
  ];
  await noteFindings(runtime, load, { findings, transaction });
}

/**
 * Lookups to models that are still being loaded are set afterwards, but for those that a row cannot
 * be without: their targets are fetched at once.
 */
function awaitedOf({ mapping, awaited }: PageToStore): Map<Mapping, Set<string>> {
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
