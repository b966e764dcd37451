import type { LegacyChanges, LegacyRecord } from '../../../../legacy-client';
import { valuesBefore } from '../../states';
import { takeAfterImages } from '../after-image';
import { beforeImages } from '../before-images';
import { refuseConflicts } from '../conflict';
import { newIntentId } from '../steps';
import { idOf, type SyncedWrite } from '../synced-write';
import type { ChangedRow } from '../update';
import { vouchedImage } from '../vouched';
import { bothChanges } from './fold';
import { isCreate, isUpdate, type Planned, type PlannedUpdate } from './planned';
import { planUpdates } from './plan';

/** A changed row, and what is known of its record. */
interface Draft {
  readonly row: ChangedRow;
  readonly sent: LegacyChanges;
  /** What the transaction is already going to do to the record. */
  readonly own: Planned | undefined;
  /** The record before; of one that is going to be created none. */
  readonly image?: LegacyRecord | undefined;
  readonly readAt?: Date;
}

/**
 * Have changed fields of rows of one model sent at the end of the transaction. What an update sent at
 * once would do before that is done here: records that nothing vouches for are read, and the conflict
 * rule decides.
 *
 * @throws SyncConflictError
 * @throws SyncError when a record is not there any more.
 */
export async function planChanges(
  write: SyncedWrite,
  rows: readonly ChangedRow[],
  { sent, isRelative }: { readonly sent: readonly LegacyChanges[]; readonly isRelative: boolean },
): Promise<void> {
  const askedAt = await write.runtime.clock.now();
  const drafts = rows.map((row, index): Draft => {
    const own = write.unit.planned(write.mapping, keyOf(row));
    return { row, sent: sent[index] ?? {}, own };
  });
  const known = await withImages(write, drafts);
  const savepoints = write.unit.openSavepoints();
  const updates = known.filter((draft) => Object.keys(draft.sent).length > 0);
  await takeUnsent(write, known, askedAt);
  await planUpdates(
    write,
    updates.map(({ row, sent: changes, image, readAt }) => ({
      ...{ row, image, readAt },
      key: keyOf(row),
      relative: new Set(isRelative ? Object.keys(changes) : []),
      step: {
        ...{ operation: 'update', intentId: newIntentId(), mapping: write.mapping },
        ...{ id: idOf(row.instance), key: keyOf(row), savepoints, sent: changes },
        before: image ? valuesBefore(write.mapping, image, changes) : {},
        after: undefined,
        isOver: false,
      },
    })),
  );
}

function keyOf({ instance }: ChangedRow): string {
  return String(instance.legacyId).toLowerCase();
}

/** Of fields that are never sent, the legacy system's values stand. */
async function takeUnsent(
  write: SyncedWrite,
  drafts: readonly Draft[],
  askedAt: Date,
): Promise<void> {
  const unsent = drafts.filter(({ sent, own }) => Object.keys(sent).length === 0 && !own);
  if (unsent.length === 0) return;
  const instances = unsent.map(({ row }) => row.instance);
  const records = unsent.flatMap(({ image }) => image ?? []);
  await takeAfterImages(write, instances, { records, askedAt });
}

/** Find the records as they were before: by what vouches for them, otherwise by reading. */
async function withImages(write: SyncedWrite, drafts: readonly Draft[]): Promise<Draft[]> {
  const known = new Map<Draft, Draft>();
  for (const draft of drafts) {
    const found = await knownImage(write, draft, drafts.length === 1);
    if (found) known.set(draft, found);
  }
  const unread = drafts.filter((draft) => !known.has(draft));
  const readAt = await write.runtime.clock.now();
  const images = await beforeImages(
    write,
    unread.map(({ row: { instance, changed, before } }) => ({ instance, changed, before })),
  );
  const read = unread.map((draft, index) => ({ ...draft, image: images[index], readAt }));
  await refuseConflicts(
    write,
    read.flatMap(({ row, own, image }) => {
      if (!image) return [];
      return [{ row: own && isUpdate(own) ? bothChanges(own.row, row) : row, image }];
    }),
  );
  for (const [index, draft] of unread.entries()) known.set(draft, read[index] ?? draft);
  return drafts.map((draft) => known.get(draft) ?? draft);
}

/** Undefined where the record must be read. */
async function knownImage(
  write: SyncedWrite,
  draft: Draft,
  isOne: boolean,
): Promise<Draft | undefined> {
  const { own, row, sent } = draft;
  if (own && isCreate(own)) return draft;
  if (row.image) return { ...draft, image: row.image };
  if (!own || !isUpdate(own)) {
    const image = isOne ? await vouchedImage(write, row, { sent }) : undefined;
    return image && { ...draft, image };
  }
  return furtherImage(write, draft, own);
}

/** What is known of a record of which an update is planned already. */
async function furtherImage(
  write: SyncedWrite,
  draft: Draft,
  { image, whole }: PlannedUpdate,
): Promise<Draft | undefined> {
  const { row, sent } = draft;
  if (!image || Object.keys(sent).every((name) => name in image.values)) return { ...draft, image };
  if (!whole.has(row.instance)) return undefined;
  const before = { ...row.before, legacyVersion: image.version };
  const further = await vouchedImage(write, { ...row, before }, { sent, isHeld: true });
  return further && { ...draft, image: further };
}
