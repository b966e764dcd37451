import type { Mapping } from '../mapping';
import type { DualWrite } from '../sync';
import type { BulkRuntime } from './bulk-runtime';
import { findingsOf, type Finding } from './findings';
import { inLoad, type LoadOptions } from './in-load';
import { partsOfLoad, type Load } from './load-state';
import { levelsOf } from './order';
import { repairDifferences } from './repair-differences';
import { lookAgain, noteUnseen, type DifferenceKind } from './second-look';

/** One record that is not the same on both sides. */
export interface Difference {
  readonly model: string;
  readonly kind: DifferenceKind;
  /** Null for a row that was never sent. */
  readonly legacyId: string | null;
  /** The local primary key as text; null when there is no row. */
  readonly id: string | null;
  /** Attributes that differ. */
  readonly fields: readonly string[];
  /** By attribute, where they were asked for. */
  readonly values?: Readonly<Record<string, { readonly local: unknown; readonly legacy: unknown }>>;
  /** Of a record that cannot be taken. */
  readonly reason?: string;
  /** Whether it was repaired; undefined where that was not asked for. */
  readonly repaired?: boolean;
  /** Why it could not be repaired. */
  readonly failure?: string;
}

/** What a verification may be told. */
export interface VerifyOptions extends LoadOptions {
  /** Make the sides equal: the one that is named is right. Nothing is repaired without it. */
  readonly repair?: 'local' | 'legacy';
  /** Keep the differing values, too, until the next verification. */
  readonly values?: boolean;
  /** Called with each difference, so that their number does not matter. */
  readonly onDifference?: (difference: Difference) => void;
}

/** What a verification has compared of one model. */
export interface VerifiedModel {
  readonly model: string;
  /** Records that were compared. */
  readonly records: number;
  readonly differences: number;
  readonly repaired: number;
}

/** The report of a verification. */
export interface VerifyReport {
  readonly load: string;
  readonly models: readonly VerifiedModel[];
  /** Those that are left: not repaired. */
  readonly left: number;
  /** The first thousand. */
  readonly differences: readonly Difference[];
}

const shownDifferences = 1000;

/**
 * Compare models completely, both ways, by contents and by stamps. What differs is asked for again
 * by key at the end, so that a change meanwhile is no difference. Goes on where it was interrupted.
 *
 * @throws LoadInterruptedError when it cannot be brought to its end now.
 * @throws NotConnectedError when a model is not mapped.
 */
export async function verify(
  dualWrite: DualWrite,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  return inLoad(dualWrite, options, {
    kind: 'verify',
    // Nothing is stored, so no model has to wait for another.
    order: (parts) => parts.map((part) => ({ ...part, level: 0 })),
    complete: async ({ runtime, load, mappings }) => {
      for (const mapping of mappings) {
        await noteUnseen(runtime, load.id, mapping);
        await lookAgain(runtime, load.id, { mapping, withValues: options.values ?? false });
      }
    },
    report: ({ runtime, load, mappings }) =>
      settle(runtime, load, { dualWrite, mappings, options }),
  });
}

interface Settling {
  readonly dualWrite: DualWrite;
  readonly mappings: readonly Mapping[];
  readonly options: VerifyOptions;
}

async function settle(
  runtime: BulkRuntime,
  load: Load,
  { dualWrite, mappings, options }: Settling,
): Promise<VerifyReport> {
  const levels = levelsOf(mappings).map((level) => level.map(({ name }) => name));
  const { repair } = options;
  const repaired =
    repair &&
    (await repairDifferences({ runtime, dualWrite, load: load.id, right: repair, levels }));
  const counts = new Map<string, { differences: number; repaired: number }>();
  const differences: Difference[] = [];
  let left = 0;
  for await (const found of allFindings(runtime, load.id)) {
    const difference = { ...differenceOf(found), ...(repaired?.get(found.id) ?? {}) };
    const count = counts.get(found.model) ?? { differences: 0, repaired: 0 };
    counts.set(found.model, count);
    count.differences += 1;
    if (difference.repaired === true) count.repaired += 1;
    else left += 1;
    if (differences.length < shownDifferences) differences.push(difference);
    options.onDifference?.(difference);
  }
  const parts = await partsOfLoad(runtime, load.id);
  const models = mappings.map(({ name: model }) => ({
    model,
    records: parts.filter((one) => one.model === model).reduce((all, one) => all + one.records, 0),
    ...(counts.get(model) ?? { differences: 0, repaired: 0 }),
  }));
  return { load: load.id, models, left, differences };
}

async function* allFindings(
  runtime: BulkRuntime,
  load: string,
): AsyncGenerator<Finding & { readonly id: string }, void, undefined> {
  let after = '0';
  for (;;) {
    const page = await findingsOf(runtime, load, { after, limit: shownDifferences });
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    after = last.id;
  }
}

function differenceOf({ model, kind, legacyId, localId, detail }: Finding): Difference {
  const { fields = [], values, reason } = detail as Partial<Difference>;
  return {
    ...{ model, kind: kind as DifferenceKind, legacyId, id: localId, fields },
    ...(values !== undefined && { values }),
    ...(reason !== undefined && { reason }),
  };
}
