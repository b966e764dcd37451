import {
  type Model,
  type ModelStatic,
  Op,
  QueryTypes,
  type Sequelize,
  type Transaction,
  type WhereOptions,
} from 'sequelize';
import { currentFrame } from '../model/context';
import type { Version, WithTransaction } from '../model/history';
import { versionedModel } from '../model/versioned-model';
import { revision } from './block';
import { RevisionError } from './errors';
import { type Goal, reachAll } from './reach-goals';
import { RecordedVersion, versionQuery, type VersionRow } from './recorded-version';

/** How to set the records of a revision back. */
export interface RevertOptions extends WithTransaction {
  /** Go on although records were changed again later; those changes are lost. Default false. */
  readonly overwriteLater?: boolean;
}

/** A revision, with everything that it changed. */
export interface Revision {
  /** UUID */
  readonly id: string;
  readonly user: string | null;
  readonly comment: string | null;
  readonly meta: Readonly<Record<string, unknown>> | null;
  readonly at: Date;
  /** In the order of writing. */
  readonly versions: readonly Version[];
  /**
   * Set every record to what the revision left: those that it deleted are deleted again. As the
   * application would, all in one transaction and in a revision of its own.
   *
   * @throws RevisionError when a record was changed later, also where its model keeps it in step with,
   * unless `overwriteLater` says otherwise.
   */
  revert(options?: RevertOptions): Promise<void>;
  /**
   * Set every record to what it was before: what the revision created is deleted, what it deleted
   * comes back under the same primary key. Otherwise as {@link Revision.revert}.
   *
   * @throws RevisionError also when a record has no version from before.
   */
  undo(options?: RevertOptions): Promise<void>;
}

/** One record of a revision, and the versions that its two ways back lead to. */
interface ChangedRecord {
  /** The first version that the revision wrote of it. */
  readonly first: RecordedVersion<Model>;
  /** The last one. */
  readonly last: RecordedVersion<Model>;
  /** The version before the first; undefined when there is none. */
  readonly before: RecordedVersion<Model> | undefined;
}

/**
 * Find a revision with all that it changed.
 *
 * @returns null when there is none of that id, or it changed nothing.
 * @throws RevisionError when it changed records of a model that this Sequelize does not have.
 */
export async function findRevision(
  sequelize: Sequelize,
  id: string,
  options?: WithTransaction,
): Promise<Revision | null> {
  const rows = await sequelize.query<VersionRow>(
    `${versionQuery} WHERE v.revision_id::text = $1 ORDER BY v.id`,
    { ...options, bind: [id.toLowerCase()], type: QueryTypes.SELECT },
  );
  const versions = rows.map((row) => recorded(sequelize, row));
  const [first] = versions;
  if (!first) return null;
  const reverted: Setback = { versions, comment: `Revert to revision ${id}`, goals: leftBy };
  const undone: Setback = { versions, comment: `Undo of revision ${id}`, goals: fromBefore };
  return {
    ...first.revision,
    versions,
    revert: (own) => setBack(sequelize, reverted, own),
    undo: (own) => setBack(sequelize, undone, own),
  };
}

function recorded(sequelize: Sequelize, row: VersionRow): RecordedVersion<Model> {
  const model: ModelStatic<Model> | undefined = sequelize.models[row.model];
  if (!model) {
    throw new RevisionError('This Sequelize instance has no such model. Define it first.', row);
  }
  return new RecordedVersion(versionedModel(model), row);
}

function leftBy(records: readonly ChangedRecord[]): Goal[] {
  return records.map(({ last }) => ({
    version: last,
    exists: last.kind !== 'deleted',
    wasDeleted: last.kind === 'deleted',
  }));
}

/** What was created last goes first, and what was deleted last comes back first. */
function fromBefore(records: readonly ChangedRecord[]): Goal[] {
  return records.map(goalFromBefore).reverse();
}

function goalFromBefore({ first, last, before }: ChangedRecord): Goal {
  const wasDeleted = last.kind === 'deleted';
  if (first.kind === 'created') return { version: first, exists: false, wasDeleted };
  if (before) return { version: before, exists: before.kind !== 'deleted', wasDeleted };
  // The version of a deletion holds what was deleted.
  if (first.kind === 'deleted') return { version: first, exists: true, wasDeleted };
  throw new RevisionError(
    'There is no version from before this revision, so it cannot be undone. Revert to a version ' +
      'that there is, or correct the record.',
    first,
  );
}

interface Setback {
  readonly versions: readonly RecordedVersion<Model>[];
  readonly comment: string;
  /** In the order in which they are to be reached, as far as nothing speaks against it. */
  readonly goals: (records: readonly ChangedRecord[]) => Goal[];
}

async function setBack(
  sequelize: Sequelize,
  { versions, comment, goals }: Setback,
  options: RevertOptions = {},
): Promise<void> {
  const within = async (transaction: Transaction): Promise<void> => {
    if (!options.overwriteLater) await readAndLock(sequelize, versions, transaction);
    const records = await changedRecords(sequelize, versions, transaction);
    if (!options.overwriteLater) await refuseLater(sequelize, records, transaction);
    await reachAll(sequelize, goals(records), transaction);
  };
  const { transaction } = options;
  const run = (): Promise<void> =>
    transaction ? within(transaction) : sequelize.transaction(within);
  // An enclosing block says itself what it is for.
  await (currentFrame().revision ? run() : revision({ comment }, run));
}

async function changedRecords(
  sequelize: Sequelize,
  versions: readonly RecordedVersion<Model>[],
  transaction: Transaction,
): Promise<ChangedRecord[]> {
  const groups = byRecord(versions);
  const rows = await sequelize.query<VersionRow & { readonly after: string }>(
    `SELECT b.*, n.first AS after FROM jsonb_to_recordset($1::jsonb) AS n (first bigint)
       JOIN record_versions AS f ON f.id = n.first
       CROSS JOIN LATERAL (${versionQuery}
         WHERE v.model = f.model AND v.record_key = f.record_key AND v.id < f.id
         ORDER BY v.id DESC LIMIT 1) AS b`,
    {
      bind: [JSON.stringify(groups.map(([first]) => ({ first: first?.id })))],
      type: QueryTypes.SELECT,
      transaction,
    },
  );
  const earlier = new Map(rows.map((row) => [row.after, recorded(sequelize, row)]));
  return groups.flatMap((group) => {
    const [first] = group;
    const last = group.at(-1);
    return first && last ? [{ first, last, before: earlier.get(first.id) }] : [];
  });
}

function byRecord(versions: readonly RecordedVersion<Model>[]): RecordedVersion<Model>[][] {
  const groups = new Map<string, RecordedVersion<Model>[]>();
  for (const version of versions) {
    const identity = JSON.stringify([version.model, version.key]);
    groups.set(identity, [...(groups.get(identity) ?? []), version]);
  }
  return [...groups.values()];
}

/**
 * Read the records by their models' own calls, so that what has changed where a model keeps its rows in
 * step with is a later version as well; and lock their rows, so that nothing comes in between.
 */
async function readAndLock(
  sequelize: Sequelize,
  versions: readonly RecordedVersion<Model>[],
  transaction: Transaction,
): Promise<void> {
  const keys = new Map<string, Record<string, unknown>[]>();
  for (const { model, primaryKey } of versions) {
    keys.set(model, [...(keys.get(model) ?? []), primaryKey]);
  }
  for (const [name, own] of keys) {
    const [column = '', ...further] = Object.keys(own[0] ?? {});
    const ids = own.map((key) => key[column]);
    const where = (further.length > 0 ? { [Op.or]: own } : { [column]: ids }) as WhereOptions;
    const lock = transaction.LOCK.UPDATE;
    const options = { where, paranoid: false, transaction, lock };
    await sequelize.models[name]?.unscoped().findAll(options);
  }
}

async function refuseLater(
  sequelize: Sequelize,
  records: readonly ChangedRecord[],
  transaction: Transaction,
): Promise<void> {
  const rows = await sequelize.query<{ model: string; key: string }>(
    `SELECT v.model, v.record_key AS key FROM jsonb_to_recordset($1::jsonb) AS n (last bigint)
       JOIN record_versions AS v ON v.id = n.last
     WHERE EXISTS (SELECT FROM record_versions AS l
       WHERE l.model = v.model AND l.record_key = v.record_key AND l.id > v.id)
     ORDER BY v.id`,
    {
      bind: [JSON.stringify(records.map(({ last }) => ({ last: last.id })))],
      type: QueryTypes.SELECT,
      transaction,
    },
  );
  const [first] = rows;
  if (!first) return;
  throw new RevisionError(
    `${rows.length} record(s) of this revision were changed again later; the first is named. ` +
      'Nothing was set back. Pass overwriteLater: true to lose those later changes.',
    first,
  );
}
