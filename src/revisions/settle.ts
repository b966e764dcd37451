import type { Transaction } from 'sequelize';
import type { Change, RecordKey } from '../model/history';
import type { RecordTable } from './record-table';
import type { Snapshot, TouchedRecord } from './version-statements';

/** One noted change, waiting for the end of its unit of work. */
export interface Note {
  readonly table: RecordTable;
  readonly kind: Change['kind'];
  readonly keys: readonly RecordKey[];
  /** UUID */
  readonly revision: string;
  /** Versions written before deletion, of those keys that were found. */
  readonly snapshots: readonly Snapshot[];
  /** It is undone when one of them is rolled back to. */
  readonly savepoints: ReadonlySet<Transaction>;
}

/** What is to be written for one model at the end of a unit of work. */
interface Settlement {
  readonly table: RecordTable;
  readonly touched: readonly TouchedRecord[];
  readonly snapshots: readonly (Snapshot & { readonly isVoid: boolean })[];
}

interface RecordState {
  readonly key: RecordKey;
  /** Created in this unit: there was nothing before. */
  readonly created: boolean;
  kind: Note['kind'];
  revision: string;
  /** Whether it was written in a way that may leave the row. */
  touched: boolean;
  readonly snapshots: Snapshot[];
}

interface ModelState {
  readonly table: RecordTable;
  readonly records: Map<string, RecordState>;
}

/**
 * Sum up what happened to each record in a unit of work: one version at most, its last state.
 *
 * - The first note says whether the record was there before. If not, the version is `'created'`, and
 *   a record that is gone again at the end leaves none.
 * - The last note says whether it was deleted; and of several deletions the last snapshot counts,
 *   if the row is really gone.
 * - The version belongs to the revision of the last note.
 */
export function settle(notes: readonly Note[]): Settlement[] {
  const models = new Map<string, ModelState>();
  for (const note of notes) {
    const name = `${note.table.name} ${note.table.table}`;
    const model: ModelState = models.get(name) ?? { table: note.table, records: new Map() };
    models.set(name, model);
    for (const key of note.keys) apply(model.records, note, key);
    for (const snapshot of note.snapshots) {
      model.records.get(identityOf(snapshot.key))?.snapshots.push(snapshot);
    }
  }
  return [...models.values()].map(({ table, records }) =>
    settlementOf(table, [...records.values()]),
  );
}

function apply(records: Map<string, RecordState>, note: Note, key: RecordKey): void {
  const identity = identityOf(key);
  const { kind, revision } = note;
  const state = records.get(identity);
  if (!state) {
    const created = kind === 'created';
    const touched = kind !== 'deleted';
    records.set(identity, { key, created, kind, revision, touched, snapshots: [] });
    return;
  }
  state.kind = kind;
  state.revision = revision;
  state.touched ||= kind !== 'deleted';
}

function settlementOf(table: RecordTable, states: readonly RecordState[]): Settlement {
  const touched = states
    .filter((state) => state.touched)
    .map(({ key, revision, created, kind }) => ({
      key,
      revision,
      created,
      hidden: kind === 'soft-deleted',
    }));
  const snapshots = states.flatMap(({ created, snapshots: all }) =>
    all.map((snapshot) => ({ ...snapshot, isVoid: created || snapshot !== all.at(-1) })),
  );
  return { table, touched, snapshots };
}

/** UUIDs are the same in any case; PostgreSQL gives them in lower case. */
function identityOf(key: RecordKey): string {
  return JSON.stringify(
    Object.values(key).map((value) =>
      typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string'
        ? String(value).replace(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, lowerCase)
        : value,
    ),
  );
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}
