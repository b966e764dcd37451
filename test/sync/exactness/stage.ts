import { QueryTypes } from 'sequelize';
import { openDualWorld, type DualWorld, type Face } from '../../support/dual-world';
import { recordHistory, type CrmHistory } from './crm-history';
import { allTexts } from './generate/values';
import { LocalIds, unknownId } from './local-ids';
import type { Terms } from './oracle/conditions';
import type { ModelName } from './oracle/facts';
import type { View } from './oracle/queries';
import { rankedTexts, type TextRules } from './oracle/texts';
import { differentMoments } from './oracle/windows';
import type { KnownIds, LocalId } from './sequelize-options';

/** How much was tried. */
export interface Tally {
  sequences: number;
  reads: number;
  writes: number;
  edits: number;
  faults: number;
  failures: number;
  /** Calls that gave up with an error that a concurrent change or a fault allows. */
  gaveUp: number;
}

/** A tally of nothing yet. */
export function emptyTally(): Tally {
  return { sequences: 0, reads: 0, writes: 0, edits: 0, faults: 0, failures: 0, gaveUp: 0 };
}

/** A world in which sequences are played, one after the other. */
export interface Stage {
  readonly world: DualWorld;
  readonly face: Face;
  readonly history: CrmHistory;
  readonly ids: LocalIds;
  readonly texts: TextRules;
  readonly tally: Tally;
  /** The tables that the library keeps for itself. */
  readonly bookkeeping: readonly string[];
  /** The moments at which the writes that are under way began. */
  readonly openWrites: Set<{ readonly since: number }>;
  /** The sequence that is played; it never fails. */
  playing: Promise<void>;
}

/** Something that the library did wrong. */
export class ExactnessError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ExactnessError';
  }
}

/** Throw when there are problems. */
export function complain(problems: readonly string[]): void {
  if (problems.length > 0) throw new ExactnessError(problems);
}

/** Open a stage; the caller closes its world. */
export async function openStage(face: Face, tally: Tally = emptyTally()): Promise<Stage> {
  // A handful of records is soon half of a table.
  const limits = { maxRemovalShare: 1 };
  // A loaded machine is no fault.
  const world = await openDualWorld({ face, limits, recoverEveryMs: 0, timeoutMs: 30_000 });
  const ranked = await world.sequelize.query<{ text: string }>(
    'SELECT text FROM unnest(ARRAY[:texts]) AS text ORDER BY text',
    { replacements: { texts: allTexts }, type: QueryTypes.SELECT },
  );
  return {
    world,
    face,
    history: recordHistory(world.sandbox),
    ids: new LocalIds(world.sequelize),
    texts: rankedTexts(ranked.map(({ text }) => text)),
    tally,
    bookkeeping: await bookkeepingOf(world),
    openWrites: new Set(),
    playing: Promise.resolve(),
  };
}

/** Close a stage, after the sequence that fast-check may have left alone at its time limit. */
export async function closeStage(stage: Stage): Promise<void> {
  await stage.playing;
  await stage.world.close();
}

async function bookkeepingOf({ sequelize }: DualWorld): Promise<string[]> {
  const tables = await sequelize.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables
      WHERE tablename ~ '^(dual_write|record)_' AND tablename !~ 'migrations$'`,
    { type: QueryTypes.SELECT },
  );
  return tables.map(({ name }) => name);
}

const nobody = '00000000-0000-4000-8000-000000000000';

/** What a command knows of the records when it begins; a name that is met later changes nothing. */
export interface Known extends KnownIds, Terms {}

/** The legacy keys that there have been so far; a record that comes later changes nothing. */
export function keysNow({ history }: Stage): Pick<Known, 'legacyId'> {
  const keys = new Map<ModelName, readonly string[]>();
  return {
    legacyId: (name, ref) => {
      const own = keys.get(name) ?? history.keys(name);
      keys.set(name, own);
      return own[ref % Math.max(own.length, 1)] ?? nobody;
    },
  };
}

/** Look at what is known now. */
export async function known(stage: Stage): Promise<Known> {
  const { ids, texts } = stage;
  await ids.look();
  const { legacyId } = keysNow(stage);
  const locals = new Map<string, LocalId | undefined>();
  const here = (name: ModelName, ref: number): LocalId | undefined => {
    const key = `${name} ${legacyId(name, ref)}`;
    if (!locals.has(key)) locals.set(key, ids.localId(name, legacyId(name, ref)));
    return locals.get(key);
  };
  return {
    texts,
    legacyId,
    localId: (name, ref) => here(name, ref) ?? unknownId(name),
    keyOfLocalId: (name, ref) => (here(name, ref) === undefined ? nobody : legacyId(name, ref)),
  };
}

/** Open a window: what it gives when it is closed are the views of all moments since. */
export function openWindow({ history, openWrites }: Stage): (terms: Terms) => [View, ...View[]] {
  const begun = [...openWrites].map(({ since }) => since);
  const start = Math.min(history.now, ...begun);
  return (terms) => {
    const moments = [];
    for (let at = start; at <= history.now; at += 1) moments.push(history.at(at));
    const views = differentMoments(moments).map((moment): View => ({ moment, terms }));
    const [first, ...others] = views;
    if (!first) throw new Error('A window has a moment.');
    return [first, ...others];
  };
}
