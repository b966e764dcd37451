import {
  LegacyConflictError,
  LegacyNotFoundError,
  type LegacyChanges,
  type LegacyRecord,
} from '../../../../legacy-client';
import type { Mapping } from '../../../mapping';
import type { Runtime } from '../../runtime';
import { beforeImages } from '../before-images';
import { isRefused } from '../changesets';
import { refuseConflicts } from '../conflict';
import type { LegacyUnit } from '../legacy-unit';
import { keepOverwritten } from '../overwritten';
import { isInactive, valuesBefore } from '../../states';
import { everyRecord, lookedAtAgain } from '../states';
import type { SyncedWrite } from '../synced-write';

import { isDestroy, isUpdate, type Planned, type PlannedUpdate } from './planned';
import { increased } from './relative';

interface Delivery {
  readonly runtime: Runtime;
  readonly unit: LegacyUnit;
}

/** A write of one model at the end of its transaction. */
export function writeAtEnd({ runtime, unit }: Delivery, mapping: Mapping): SyncedWrite {
  const { transaction } = unit;
  return {
    runtime,
    mapping,
    unit,
    transaction,
    place: { sequelize: runtime.sequelize, transaction },
  };
}

/** Keep versions of what is going to be overwritten: of the records that were read for their updates. */
export async function keepFound(delivery: Delivery, planned: readonly Planned[]): Promise<void> {
  for (const { step, row, image, readAt } of planned.filter(isUpdate)) {
    if (!image || !readAt) continue;
    await keepOverwritten(writeAtEnd(delivery, step.mapping), [{ row, image }], readAt);
  }
}

/**
 * What is to be sent after a changeset was refused because a record is not as it was; undefined when
 * that was not why.
 *
 * @throws SyncConflictError where a migrator's rule refuses the write.
 * @throws SyncError when a record is not there any more.
 */
export async function metAgain(
  delivery: Delivery,
  sent: readonly Planned[],
  error: unknown,
): Promise<readonly Planned[] | undefined> {
  if (!isRefused(error)) return undefined;
  const { index = -1 } = error as { index?: number };
  const fault = sent[index];
  const isGone = error instanceof LegacyNotFoundError;
  // What is gone already is no reason to keep the others.
  if (isGone && fault && isDestroy(fault)) return sent.filter((one) => one !== fault);
  return isUnmet(error, fault) ? readAgain(delivery, sent) : undefined;
}

/** Whether a record is not as it was. What is not there is told by the reading of it. */
function isUnmet(error: unknown, fault: Planned | undefined): boolean {
  const isOutdated = error instanceof LegacyConflictError && error.status === 412;
  if (!fault) return isOutdated;
  if (isDestroy(fault)) return isOutdated && fault.step.version !== undefined;
  const isConditional = isUpdate(fault) && fault.image !== undefined;
  return isConditional && (isOutdated || error instanceof LegacyNotFoundError);
}

/** Read the records that were to be changed on a condition, and plan their writes for what they are. */
async function readAgain(
  delivery: Delivery,
  sent: readonly Planned[],
): Promise<readonly Planned[]> {
  const updates = sent.filter(isUpdate).filter(({ image }) => image);
  const met = new Map<Planned, PlannedUpdate>();
  for (const mapping of new Set(updates.map(({ step }) => step.mapping))) {
    const own = updates.filter(({ step }) => step.mapping === mapping);
    const write = writeAtEnd(delivery, mapping);
    const readAt = await delivery.runtime.clock.now();
    const inactive = await inactiveRecords(write, own);
    const rows = own.map(({ key, row: { instance, changed, before } }) => {
      const image = inactive.get(key);
      return { instance, changed, before, ...(image && { image }) };
    });
    const images = await beforeImages(write, rows);
    for (const [position, update] of own.entries()) {
      const image = images[position];
      if (!image || image.version === update.image?.version) continue;
      const isRelative = Object.keys(update.step.sent).every((name) => update.relative.has(name));
      if (!isRelative) await refuseConflicts(write, [{ row: update.row, image }]);
      met.set(update, await adapted(write, update, { image, readAt }));
    }
  }
  const destroys = sent.filter(isDestroy);
  const again = await lookedAtAgain(
    delivery.runtime,
    destroys.map(({ step }) => step),
  );
  return sent.flatMap((one): Planned[] => {
    if (!isDestroy(one)) return [met.get(one) ?? one];
    const step = again[destroys.indexOf(one)];
    return step ? [{ ...one, step }] : [];
  });
}

/** Those of updates that make inactive records active; a mere reading says that they are not there. */
async function inactiveRecords(
  write: SyncedWrite,
  updates: readonly PlannedUpdate[],
): Promise<ReadonlyMap<string, LegacyRecord>> {
  const { deactivation } = write.mapping;
  if (!deactivation) return new Map();
  const restoring = updates.filter(({ image }) => image && isInactive(deactivation, image.values));
  return everyRecord(
    write,
    restoring.map(({ key }) => key),
  );
}

async function adapted(
  write: SyncedWrite,
  update: PlannedUpdate,
  { image, readAt }: { readonly image: LegacyRecord; readonly readAt: Date },
): Promise<PlannedUpdate> {
  const { step, relative } = update;
  const changes: LegacyChanges = await increased(write, [...relative], {
    sent: step.sent,
    before: step.before,
    now: image.values,
  });
  const sent = { ...step.sent, ...changes };
  const before = valuesBefore(step.mapping, image, sent);
  return { ...update, image, readAt, step: { ...step, sent, before } };
}
