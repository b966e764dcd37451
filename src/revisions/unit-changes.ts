import { randomUUID } from 'node:crypto';
import type { Transaction } from 'sequelize';
import { currentFrame, type RevisionFrame } from '../model/context';
import type { Change, RevisionDetails } from '../model/history';
import { type Participant, UnitOfWork } from '../model/unit-of-work';
import { RecordTable } from './record-table';
import { type Note, settle } from './settle';
import {
  discardLastVersions,
  type TouchedRecords,
  writeLastVersions,
  writeRevisions,
  writeVersions,
} from './version-statements';

const enlistment = {};

/**
 * What has changed in one unit of work.
 *
 * Versions are written once, before COMMIT, with the rows as they then are in the database: by one
 * statement for each model, however many rows. Two kinds are written when they are noted: the last
 * versions of rows about to be deleted, and changes under a revision of their own, since what comes
 * after them would hide what they were.
 */
export class UnitChanges implements Participant {
  readonly #unit: UnitOfWork;
  readonly #revisions = new Map<string, RevisionFrame>();
  readonly #ownRevisions = new Map<string, RevisionFrame>();
  #notes: Note[] = [];
  #isFlushed = false;

  private constructor(unit: UnitOfWork) {
    this.#unit = unit;
  }

  /** The changes of the unit that a transaction belongs to. */
  static of(transaction: Transaction): UnitChanges {
    return UnitOfWork.of(transaction).enlist(enlistment, (unit) => new UnitChanges(unit));
  }

  async note(change: Change): Promise<void> {
    const savepoints = this.#unit.openSavepoints();
    const table = new RecordTable(change.model);
    const revision = this.#revisionOf(change);
    const { kind, keys } = change;
    const { transaction } = this.#unit;
    const snapshots =
      kind === 'deleted'
        ? await writeLastVersions(transaction, table, { keys, revision: revision.id })
        : [];
    const note: Note = { table, kind, keys, revision: revision.id, snapshots, savepoints };
    this.#revisions.set(revision.id, revision);
    if (this.#isFlushed) await this.#write([note]);
    else if (!change.revision) this.#notes.push(note);
    else if (kind !== 'deleted') await this.#writeNotes([note]);
  }

  async flush(): Promise<void> {
    this.#isFlushed = true;
    const notes = this.#notes;
    this.#notes = [];
    await this.#write(notes);
  }

  rolledBackTo(savepoint: Transaction): Promise<void> {
    this.#notes = this.#notes.filter((note) => !note.savepoints.has(savepoint));
    return Promise.resolve();
  }

  async #write(notes: readonly Note[]): Promise<void> {
    const last = await this.#writeAllButLast(notes);
    const { transaction } = this.#unit;
    const revisions = [...this.#revisions.values()];
    if (revisions.length > 0) await writeRevisions(transaction, revisions, last);
    else if (last) await writeVersions(transaction, last);
  }

  async #writeNotes(notes: readonly Note[]): Promise<void> {
    const last = await this.#writeAllButLast(notes);
    if (last) await writeVersions(this.#unit.transaction, last);
  }

  /** Gives the records whose versions are still to be written: with the revisions, most often. */
  async #writeAllButLast(notes: readonly Note[]): Promise<TouchedRecords | undefined> {
    const { transaction } = this.#unit;
    let last: TouchedRecords | undefined;
    for (const { table, touched, snapshots } of settle(notes)) {
      if (snapshots.length > 0) await discardLastVersions(transaction, table, snapshots);
      if (touched.length === 0) continue;
      if (last) await writeVersions(transaction, last);
      last = { table, touched };
    }
    return last;
  }

  #revisionOf(change: Change): RevisionFrame {
    if (change.revision) return this.#ownRevision(change.revision);
    return currentFrame().revision ?? { id: this.#unit.id };
  }

  /** One with an id is shared with other units. */
  #ownRevision(details: RevisionDetails & { readonly id?: string }): RevisionFrame {
    const name = JSON.stringify(details);
    const revision = this.#ownRevisions.get(name) ?? { id: randomUUID(), ...details };
    this.#ownRevisions.set(name, revision);
    return revision;
  }
}
