import { randomUUID } from 'node:crypto';
import { Op, type Model } from 'sequelize';
import { syncedModel } from '../../runtime';
import { idText } from '../../query/bound-of-options';
import { SyncError } from '../../errors';
import { createRecords } from '../create';
import type { SyncedInstance } from '../save';
import { takeStored } from '../stored-row';
import { idOf, inSyncedWrite, type SyncedWrite } from '../synced-write';
import { sendChanges } from './changes';
import { lockClashing, refreshClashing, type Clash } from './duplicates';
import { currentRows, type LockedRows } from './locked-rows';
import { sendMet } from './met-rows';
import { OwnStatement } from './own-statement';
import { clashes, conflictAttributesOf } from './unique-values';
import type { BulkCall, BulkOptions } from './update';
import { inWaves, type MappedRow } from './waves';

/** The options of `bulkCreate` that the sync layer looks at. */
export interface BulkCreateOptions extends BulkOptions {
  ignoreDuplicates?: boolean;
  updateOnDuplicate?: string[];
  conflictAttributes?: string[];
}

/** Values of a new row, by attribute. */
type NewValues = Readonly<Record<string, unknown>>;

/** A bulk insert. */
export interface BulkCreate extends BulkCall<BulkCreateOptions> {
  readonly records: readonly NewValues[];
  /** Sequelize's own call, which stays local. */
  readonly run: (records: readonly NewValues[], options: BulkCreateOptions) => Promise<Model[]>;
}

/**
 * Create rows on both sides or on neither.
 *
 * Each new row is inserted with a legacy key of its own. By that it is known afterwards which were
 * inserted, and which met a row that was there.
 */
export async function bulkCreateBoth(call: BulkCreate): Promise<Model[]> {
  const { synced, options, records } = call;
  if (records.length === 0) return call.run(records, options);
  return inSyncedWrite(synced, options, async (write) => {
    const known = await knownRows(write, call);
    const keyed = records.map((values) => ({
      ...values,
      legacyId: (values.legacyId as string | null | undefined) ?? randomUUID(),
    }));
    const statement = new OwnStatement();
    const instances = (await statement.run(() =>
      call.run(keyed, localOptions(write, call)),
    )) as SyncedInstance[];
    requireSameLength(write, instances, records);
    const keys = keyed.map(({ legacyId }) => legacyId);
    const { created, met } = await takeInserted(write, call, { instances, keys, known });
    const others = statement.inserted.filter((inserted) => inserted.instances !== instances);
    const included = others.flatMap((inserted) => {
      const { mapping } = syncedModel(inserted.model.name, synced.runtime.sequelize);
      return inserted.instances.map((instance) => ({ mapping, instance }));
    });
    await createInWaves(write, [
      ...included,
      ...created.map((instance) => ({ mapping: write.mapping, instance })),
    ]);
    await sendMet(write, met, options.updateOnDuplicate ?? []);
    const { after } = await sendChanges(write, known);
    const metById = met.map((row) => [idText(idOf(row)), row] as const);
    await write.unit.follow(write.transaction, () => {
      refreshInstances(instances, new Map([...after, ...metById]));
    });
    return instances;
  });
}

/** The rows that new ones may clash with: brought up to date, and where they may change, locked. */
async function knownRows(
  write: SyncedWrite,
  { model, options, records }: BulkCreate,
): Promise<LockedRows> {
  const { ignoreDuplicates, updateOnDuplicate, conflictAttributes } = options;
  const none: LockedRows = { before: [], images: new Map() };
  if (!ignoreDuplicates && !updateOnDuplicate) return none;
  const found: Clash[] = records.flatMap((values) => {
    const built = model.build(values as never).dataValues as NewValues;
    // A primary key that is made for the row clashes with none.
    const isMade = values[model.primaryKeyAttribute] === undefined;
    const own = isMade ? { ...built, [model.primaryKeyAttribute]: undefined } : built;
    return clashes(model, own, conflictAttributes);
  });
  await refreshClashing(write, found);
  return updateOnDuplicate ? lockClashing(write, found) : none;
}

function localOptions(
  { transaction }: SyncedWrite,
  { model, options }: BulkCreate,
): BulkCreateOptions {
  const { fields, updateOnDuplicate, conflictAttributes } = options;
  return {
    ...options,
    transaction,
    ...(fields && { fields: [...new Set([...fields, 'legacyId'])] }),
    ...(updateOnDuplicate && {
      // The key of a row that is there already stays, and its stamp comes from its record.
      updateOnDuplicate: updateOnDuplicate.filter(
        (name) => name !== 'legacyId' && name !== 'modifiedAt',
      ),
      conflictAttributes: conflictAttributes ?? conflictAttributesOf(model),
    }),
  };
}

function requireSameLength(
  { mapping }: SyncedWrite,
  instances: readonly Model[],
  records: readonly unknown[],
): void {
  if (instances.length === records.length) return;
  throw new SyncError(
    'A hook has added or removed records of a bulkCreate. Do so where the call is made.',
    { model: mapping.name },
  );
}

interface Returned {
  readonly instances: readonly SyncedInstance[];
  /** The keys that the records were given, in the order of the instances. */
  readonly keys: readonly string[];
  readonly known: LockedRows;
}

interface Inserted {
  readonly created: SyncedInstance[];
  /** Rows that were met instead, and that were not there when they were looked for. */
  readonly met: SyncedInstance[];
}

/**
 * Find out which instances were inserted, and have all of them hold what is stored.
 *
 * NOTE: with `ignoreDuplicates` PostgreSQL returns only the rows that it has inserted, and Sequelize
 * gives them to the first instances, whichever those are.
 */
async function takeInserted(
  write: SyncedWrite,
  call: BulkCreate,
  { instances, keys, known }: Returned,
): Promise<Inserted> {
  const { ignoreDuplicates, updateOnDuplicate } = call.options;
  const byKey = { legacyId: [...keys] };
  const key = write.mapping.model.primaryKeyAttribute;
  const where = updateOnDuplicate
    ? { [Op.or]: [byKey, { [key]: instances.map(idOf).filter((id) => id !== null) }] }
    : byKey;
  const rows = await currentRows(write, where);
  const rowsByKey = new Map(rows.map((row) => [String(row.legacyId), row]));
  const rowsById = new Map(rows.map((row) => [idText(idOf(row)), row]));
  const wereThere = new Set(known.before.map(({ legacyId }) => legacyId));
  const knownIds = new Set(known.before.map((row) => idText(idOf(row))));
  const created: SyncedInstance[] = [];
  const met: SyncedInstance[] = [];
  instances.forEach((instance, index) => {
    const given = String(keys[index]).toLowerCase();
    const own = wereThere.has(given) ? undefined : rowsByKey.get(given);
    const row = own ?? (updateOnDuplicate ? rowsById.get(idText(idOf(instance))) : undefined);
    if (own) created.push(instance);
    else if (row && !knownIds.has(idText(idOf(row)))) met.push(row);
    if (row) takeStored(instance, row.dataValues as NewValues);
    else if (ignoreDuplicates) forgetStored(call, instance, call.records[index] ?? {});
  });
  return { created, met };
}

/** An instance that was not inserted holds what it was made of, and no key of another row. */
function forgetStored({ model }: BulkCreate, instance: SyncedInstance, values: NewValues): void {
  const built = model.build(values as never).dataValues as NewValues;
  const key = model.primaryKeyAttribute;
  const own = { ...built, [key]: values[key] ?? null, legacyId: null };
  const state = instance as unknown as { dataValues: NewValues; _previousDataValues: NewValues };
  state.dataValues = { ...own };
  state._previousDataValues = { ...own };
}

async function createInWaves(
  write: SyncedWrite,
  rows: readonly (MappedRow & { readonly instance: SyncedInstance })[],
): Promise<void> {
  for (const wave of inWaves(rows)) {
    for (const mapping of new Set(wave.map((row) => row.mapping))) {
      const own = wave.filter((row) => row.mapping === mapping);
      const created = own.map(({ instance }) => ({ instance, wasNew: true }));
      await createRecords({ ...write, mapping }, created);
    }
  }
}

/** Instances of rows that were there already hold what both sides have now. */
function refreshInstances(
  instances: readonly SyncedInstance[],
  after: ReadonlyMap<string, SyncedInstance>,
): void {
  for (const instance of instances) {
    const row = after.get(idText(idOf(instance)));
    if (row) takeStored(instance, row.dataValues as NewValues);
  }
}
