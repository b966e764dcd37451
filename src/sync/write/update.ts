import {
  LegacyConflictError,
  LegacyNotFoundError,
  type LegacyChanges,
  type LegacyRecord,
} from '../../../legacy-client';
import type { MappedAttribute } from '../../mapping';
import { SyncError } from '../errors';
import { takeAfterImages } from './after-image';
import { beforeImages } from './before-images';
import { refuseConflicts } from './conflict';
import { valuesOf } from './images';
import { outgoingRows } from './outgoing';
import { keepOverwritten } from './overwritten';
import { planChanges } from './pending/plan-changes';
import type { SyncedInstance } from './save';
import { send } from './send';
import { newIntentId, type Step, type UpdateStep } from './steps';
import { idOf, type SyncedWrite } from './synced-write';
import { vouchedImage } from './vouched';

/** What a write has changed of a row. */
export interface ChangedRow {
  readonly instance: SyncedInstance;
  readonly changed: readonly MappedAttribute[];
  /** The values before the write, by attribute, as far as they had been loaded. */
  readonly before: Readonly<Record<string, unknown>>;
  /** The legacy record before the write; without it, it is read. */
  readonly image?: LegacyRecord;
}

/** What becomes of an update that the service refuses. */
export interface UpdateRules {
  /** The values came of increments: where a record was changed meanwhile, they are made again. */
  readonly isIncrement?: boolean;
  /** Refusals that do not fail the call. */
  readonly mayFail?: (error: unknown) => boolean;
}

interface Prepared {
  readonly row: ChangedRow;
  readonly image: LegacyRecord;
  readonly sent: LegacyChanges;
}

/**
 * Send the changed fields of rows of one model to their legacy records.
 *
 * @returns the rows whose updates were refused, as far as the rules let that happen.
 */
export async function updateRecords(
  write: SyncedWrite,
  rows: readonly ChangedRow[],
  rules: UpdateRules = {},
): Promise<readonly ChangedRow[]> {
  const { runtime, mapping, place } = write;
  if (rows.length === 0) return [];
  refuseLinks(write, rows);
  const sent = await outgoingRows(runtime, place, {
    mapping,
    operation: 'update',
    rows: rows.map(({ instance, changed }) => ({
      attributes: changed,
      values: instance.get() as Record<string, unknown>,
    })),
  });
  if (runtime.writes === 'changeset') {
    await planChanges(write, rows, { sent, isRelative: rules.isIncrement ?? false });
    return [];
  }
  const [row] = rows;
  const isOne = rows.length === 1 && row && !row.image && !rules.mayFail;
  if (isOne) return updateOne(write, row, sent[0] ?? {});
  return readAndSend(write, rows, { sent, rules });
}

/** How often an update is sent that meets a change of the record each time. */
const attempts = 5;

/**
 * Send the update of one row on the condition that its record is as it was when it was loaded. When it
 * is not, the record is read, the conflict rule decides, and the update is sent for the record as it is
 * now.
 */
async function updateOne(
  write: SyncedWrite,
  row: ChangedRow,
  sent: LegacyChanges,
): Promise<readonly ChangedRow[]> {
  const image = await vouchedImage(write, row, { sent });
  let isVouched = image !== undefined;
  for (let left = attempts; ; left -= 1) {
    try {
      const one = isVouched && image ? { ...row, image } : row;
      return await readAndSend(write, [one], { sent: [sent], rules: {} });
    } catch (error) {
      // What is not there any more is told by the reading of it.
      const isUnmet =
        isVersionOutdated(error) || (isVouched && error instanceof LegacyNotFoundError);
      if (!isUnmet || left <= 1) throw error;
      isVouched = false;
    }
  }
}

function isVersionOutdated(error: unknown): boolean {
  return error instanceof LegacyConflictError && error.status === 412;
}

interface ToSend {
  /** What is to be sent of each row. */
  readonly sent: readonly LegacyChanges[];
  readonly rules: UpdateRules;
}

async function readAndSend(
  write: SyncedWrite,
  rows: readonly ChangedRow[],
  { sent, rules }: ToSend,
): Promise<readonly ChangedRow[]> {
  const askedAt = await write.runtime.clock.now();
  const images = await beforeImages(write, rows);
  const prepared = images.flatMap((image, index): Prepared[] => {
    const row = rows[index];
    return row ? [{ row, image, sent: sent[index] ?? {} }] : [];
  });
  const toSend = prepared.filter((one) => Object.keys(one.sent).length > 0);
  const read = toSend.filter(({ row }) => !row.image);
  await refuseConflicts(write, read);
  await keepOverwritten(write, read, askedAt);
  // Of fields that are never sent, the legacy system's values stand.
  const unsent = prepared.filter((one) => !toSend.includes(one));
  const after = await sendUpdates(write, toSend, rules);
  const failed = new Set(after.failed);
  const done = rows.filter((row) => !failed.has(row));
  await takeAfterImages(
    write,
    done.map(({ instance }) => instance),
    {
      records: [...unsent.map(({ image }) => image), ...after.records],
      askedAt: toSend.length === 0 ? askedAt : after.askedAt,
    },
  );
  return after.failed;
}

/** @throws SyncError for a link that would connect other records: the service has no such change. */
function refuseLinks({ mapping }: SyncedWrite, rows: readonly ChangedRow[]): void {
  const row = mapping.link && rows.find(({ changed }) => changed.length > 0);
  if (!row) return;
  const names = row.changed.map(({ attribute }) => attribute).join(', ');
  throw new SyncError(
    `A link between two records cannot be changed (${names}): the legacy system only makes and ` +
      `removes links. Destroy this one, and create another.`,
    { model: mapping.name, id: idOf(row.instance), legacyId: row.instance.legacyId },
  );
}

async function sendUpdates(
  write: SyncedWrite,
  prepared: readonly Prepared[],
  { mayFail }: UpdateRules,
): Promise<{ failed: ChangedRow[]; records: LegacyRecord[]; askedAt: Date }> {
  const { clock } = write.runtime;
  const savepoints = write.unit.openSavepoints();
  const requests = prepared.map((one) => ({ ...one, step: updateStep(write, one, savepoints) }));
  const askedAt = await clock.now();
  if (requests.length === 0) return { failed: [], records: [], askedAt };
  const outgoing = requests.map(({ step, image }) => ({
    step,
    ifMatch: image.version ?? undefined,
  }));
  const failures = await send(write, outgoing, mayFail);
  const failed = new Set<Step>(failures.map(({ step }) => step));
  const steps = requests.map(({ step }) => step).filter((step) => !failed.has(step));
  return {
    failed: requests.filter(({ step }) => failed.has(step)).map(({ row }) => row),
    records: steps.flatMap(({ after }) => after ?? []),
    askedAt,
  };
}

function updateStep(
  { mapping }: SyncedWrite,
  { row, image, sent }: Prepared,
  savepoints: UpdateStep['savepoints'],
): UpdateStep {
  return {
    operation: 'update',
    intentId: newIntentId(),
    mapping,
    id: idOf(row.instance),
    key: String(row.instance.legacyId),
    savepoints,
    sent,
    before: valuesOf(image, Object.keys(sent)),
    after: undefined,
    isOver: false,
  };
}
