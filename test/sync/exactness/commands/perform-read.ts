import type { Transaction } from 'sequelize';
import { LegacyError } from '../../../../legacy-client';
import { skipLegacy, SyncError } from '../../../../src';
import { entities } from '../oracle/facts';
import type { RowQuery, View } from '../oracle/queries';
import { optionsOf } from '../sequelize-options';
import { complain, ExactnessError, known, openWindow, type Stage } from '../stage';
import { readAccessor, type AccessorRead } from './accessor-reads';
import { readFigure, readGroups, type FigureRead, type GroupRead } from './figure-reads';
import { modelOf, type Reading, type Verdict } from './reading';
import {
  readByPk,
  readCount,
  readRows,
  type ByPkRead,
  type CountRead,
  type RowRead,
} from './row-reads';

/** A read with `freshness: 'local'`, which asks nobody. */
export interface LocalRead {
  readonly do: 'local';
  readonly query: RowQuery;
}

/** A read that a sequence makes. */
export type ReadCommand =
  RowRead | ByPkRead | CountRead | FigureRead | GroupRead | AccessorRead | LocalRead;

/** What may excuse a call that gives up. */
export interface Excuse {
  /** Something else is done at the same time. */
  readonly isConcurrent: boolean;
  /** A fault may strike one of its requests. */
  readonly mayFail: boolean;
}

async function answered(reading: Reading, command: ReadCommand): Promise<Verdict> {
  switch (command.do) {
    case 'rows':
      return readRows(reading, command);
    case 'byPk':
      return readByPk(reading, command);
    case 'count':
      return readCount(reading, command);
    case 'figure':
      return readFigure(reading, command);
    case 'groups':
      return readGroups(reading, command);
    case 'accessor':
      return readAccessor(reading, command);
    case 'local':
      return readLocally(reading, command);
  }
}

async function readLocally(
  { stage, ids, transaction, isAlone }: Reading,
  { query }: LocalRead,
): Promise<Verdict> {
  const before = await stage.world.journal();
  const options = { ...optionsOf(ids, query), transaction, freshness: 'local' as const };
  await modelOf(stage, query.model).findAll(options);
  const after = await stage.world.journal();
  return () => (isAlone && after.length > before.length ? ['a local read asked the CRM'] : []);
}

/** Whether an error may come of what else is going on. */
function isExcused(error: unknown, { isConcurrent, mayFail }: Excuse): boolean {
  if (mayFail && error instanceof LegacyError) return true;
  return (isConcurrent || mayFail) && error instanceof SyncError;
}

/** Whether Sequelize itself, with nothing but the rows that are here, throws the same. */
async function isOwnFault(
  reading: Reading,
  command: ReadCommand,
  error: unknown,
): Promise<boolean> {
  const isOurs = error instanceof ExactnessError || error instanceof SyncError;
  if (isOurs || error instanceof LegacyError || reading.transaction) return false;
  const own = await skipLegacy(() => answered(reading, command)).then(
    () => undefined,
    (other: unknown) => other,
  );
  return own instanceof Error && error instanceof Error && own.message === error.message;
}

/** What Sequelize itself answers once everything is here: tells a wrong oracle from a wrong answer. */
async function withOwnAnswer(
  reading: Reading,
  command: ReadCommand,
  { problems, views }: { readonly problems: string[]; readonly views: readonly [View, ...View[]] },
): Promise<string[]> {
  if (problems.length === 0 || views.length > 1 || reading.transaction) return problems;
  for (const { name } of entities) await modelOf(reading.stage, name).findAll();
  await reading.stage.ids.look();
  const verdict = await skipLegacy(() => answered(reading, command));
  const own = verdict(views);
  return own.length === 0 ? problems : [...problems, 'Sequelize itself answers:', ...own];
}

/** Read, and compare the answer with what the oracle says. */
export async function performRead(
  stage: Stage,
  command: ReadCommand,
  { excuse, transaction }: { readonly excuse: Excuse; readonly transaction?: Transaction },
): Promise<void> {
  const ids = await known(stage);
  const reading = { stage, ids, transaction, isAlone: !excuse.isConcurrent };
  const close = openWindow(stage);
  stage.tally.reads += 1;
  try {
    const verdict = await answered(reading, command);
    const views = close(ids);
    // What is stored for rows that a transaction has written is only seen in it.
    await stage.ids.look(transaction);
    complain(await withOwnAnswer(reading, command, { problems: verdict(views), views }));
  } catch (error) {
    if (isExcused(error, excuse)) stage.tally.gaveUp += 1;
    else if (!(await isOwnFault(reading, command, error))) throw error;
  }
}
