import type { LegacyRecord } from '../../../../legacy-client';
import { runInFrame, type RevisionFrame } from '../../../model/context';
import type { Mapping } from '../../../mapping';
import type { Runtime } from '../../runtime';
import { reloadInstances, takeAfterImages } from '../after-image';
import { recordIfThere } from '../../refresh/fetch';
import { noteChosenKeys } from '../intents';
import type { LegacyUnit } from '../legacy-unit';
import { readAfterImages } from '../records';
import { storeLegacyIds } from '../store-legacy-ids';
import type { ChangedPast } from './changed-past';
import { writeAtEnd } from './meet-again';
import { isDestroy, isSamePlanned, names, type Planned, type PlannedSave } from './planned';

interface Delivery {
  readonly runtime: Runtime;
  readonly unit: LegacyUnit;
}

interface Outcome {
  /** When the changeset was sent, by the database's clock. */
  readonly askedAt: Date;
  readonly past: ChangedPast;
}

/**
 * Have rows and instances hold what the service made of the writes of a changeset. Rows that were
 * destroyed after their writes stay as that has left them.
 */
export async function takeOver(
  delivery: Delivery,
  sent: readonly Planned[],
  outcome: Outcome,
): Promise<void> {
  const saves = await savesToTake(delivery, sent);
  const mappings = new Set(saves.map(({ step }) => step.mapping));
  const own = (mapping: Mapping): PlannedSave[] =>
    saves.filter(({ step }) => step.mapping === mapping);
  for (const mapping of mappings) await readAndKeepKeys(delivery, mapping, own(mapping));
  for (const mapping of mappings) {
    for (const revision of new Set(saves.map((save) => save.revision))) {
      const together = own(mapping).filter((save) => save.revision === revision);
      await takeTogether(delivery, together, { ...outcome, mapping, revision });
    }
  }
}

/**
 * Those whose records are there in the end. A record that names one which the same changeset deletes
 * does so no more, or is gone with it: it is read again.
 */
async function savesToTake(
  { runtime }: Delivery,
  sent: readonly Planned[],
): Promise<readonly PlannedSave[]> {
  const removals = sent.filter(isDestroy);
  const saves: PlannedSave[] = [];
  for (const one of sent) {
    if (isDestroy(one) || removals.some((removal) => isSamePlanned(removal, one))) continue;
    const { step } = one;
    const values = step.after?.values ?? step.sent;
    const isTouched = !step.mapping.link && removals.some(({ key }) => names(values, key));
    if (isTouched) step.after = await recordIfThere(runtime, step.mapping, step.key);
    if (!isTouched || step.after) saves.push(one);
  }
  return saves;
}

/** Where the answers had no records, these are read; where the service chose keys, the rows get them. */
async function readAndKeepKeys(
  delivery: Delivery,
  mapping: Mapping,
  saves: readonly PlannedSave[],
): Promise<void> {
  const write = writeAtEnd(delivery, mapping);
  const steps = saves.map(({ step }) => step);
  await readAfterImages(write, steps);
  const chosen = saves.filter(({ step, key }) => step.key.toLowerCase() !== key);
  if (chosen.length === 0) return;
  await noteChosenKeys(
    delivery.runtime,
    chosen.map(({ step }) => step),
  );
  await storeLegacyIds(
    write,
    chosen.map(({ step: { id, key } }) => ({ id, key })),
  );
}

async function takeTogether(
  delivery: Delivery,
  saves: readonly PlannedSave[],
  {
    mapping,
    revision,
    askedAt,
    past,
  }: Outcome & {
    readonly mapping: Mapping;
    readonly revision: RevisionFrame | undefined;
  },
): Promise<void> {
  const here = saves.filter(({ key }) => !past.gone.has(key));
  if (here.length === 0) return;
  const write = writeAtEnd(delivery, mapping);
  const instances = [...new Set(here.flatMap((save) => save.instances))];
  const records: LegacyRecord[] = here.flatMap(({ step }) => step.after ?? []);
  await runInFrame({ revision }, async () => {
    await takeAfterImages(write, instances, { records, askedAt });
    for (const save of here) await changeAgain(delivery, save, past.values.get(save.key));
  });
}

/** What a skipped call has changed after the write stays, and is ahead. */
async function changeAgain(
  delivery: Delivery,
  { step, instances }: PlannedSave,
  values: ChangedPast['values'] extends ReadonlyMap<string, infer V> ? V | undefined : never,
): Promise<void> {
  if (!values || Object.keys(values).length === 0) return;
  const { model } = step.mapping;
  const { transaction } = delivery.unit;
  const where = { [model.primaryKeyAttribute]: step.id };
  const options = { where, transaction, hooks: false, validate: false, skipLegacy: true };
  await model.unscoped().update(values, options as Parameters<typeof model.update>[1]);
  await reloadInstances(writeAtEnd(delivery, step.mapping), instances);
}
