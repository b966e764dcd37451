import { QueryTypes, type Model, type Transaction } from 'sequelize';
import { isOpen } from '../../../../src/sync/open-intents';
import { cellProblems, legacyIdOf } from '../comparing';
import { differences } from '../oracle/changes';
import { associationOf, entities, type ModelName } from '../oracle/facts';
import { rowOf, rowsOf, sameCell, sameRow, type Moment, type Row } from '../oracle/rows';
import { complain, ExactnessError, known, type Stage } from '../stage';
import type { Excuse, ReadCommand } from './perform-read';
import { performRead } from './perform-read';
import { modelOf } from './reading';
import { isOfDestroyed, isRefusal, Refused } from './refusals';
import { isWriteStep, prepare, type WriteStep } from './write-steps';

/** What happens within a transaction. */
export type InnerStep =
  | WriteStep
  | ReadCommand
  | {
      readonly do: 'savepoint';
      readonly steps: readonly InnerStep[];
      readonly end: 'release' | 'rollback';
    };

/** A transaction of the application. */
export interface TransactionCommand {
  readonly do: 'transaction';
  readonly steps: readonly InnerStep[];
  readonly end: 'commit' | 'rollback';
}

/** A write of its own, or a whole transaction. */
export type WriteCommand = WriteStep | TransactionCommand;

interface Draft {
  readonly stage: Stage;
  readonly excuse: Excuse;
  readonly transaction: Transaction | undefined;
  /** The CRM as it should be by now, with what is sent at the end. */
  moment: Moment;
  /** A record was destroyed, which the CRM keeps until the end. */
  hasDestroyed: boolean;
  /** What the CRM does with the last delete is not known before. */
  mayFailAtEnd: boolean;
}

/** How an instance, as its write has left it, differs from the record. */
function instanceProblems(stage: Stage, instance: Model, moment: Moment): string[] {
  const name = instance.constructor.name as ModelName;
  const row = rowOf(moment, name, legacyIdOf(instance));
  return row ? cellProblems(stage.ids, instance, { name, row }) : [];
}

async function writeStep(draft: Draft, step: WriteStep): Promise<void> {
  const { stage, excuse, transaction } = draft;
  const ids = await known(stage);
  const isAlone = !excuse.isConcurrent;
  const writing = { stage, ids, transaction, isAlone, before: draft.moment };
  const prepared = await prepare(writing, step).catch((error: unknown) => {
    if (isOfDestroyed(draft, error)) return undefined;
    return refusing(draft)(error);
  });
  if (!prepared) return;
  stage.tally.writes += 1;
  try {
    const { instances = [], after } = await prepared.act();
    await stage.ids.look(transaction);
    noteDone(draft, { step, after, mayFail: prepared.mayFail });
    if (excuse.isConcurrent) return;
    complain(instances.flatMap((instance) => instanceProblems(stage, instance, after)));
  } catch (error) {
    const isOwn = prepared.mayFail || isOfDestroyed(draft, error);
    const isAllowed = isOwn || excuse.isConcurrent || excuse.mayFail;
    if (!isAllowed || !isRefusal(error)) throw error;
    stage.tally.gaveUp += 1;
    // A refused write may be caught, and its transaction go on; an unknown outcome dooms it.
    if (transaction === undefined || !prepared.mayFail) throw new Refused(error);
  }
}

function noteDone(
  draft: Draft,
  done: { readonly step: WriteStep; readonly after: Moment; readonly mayFail: boolean },
): void {
  const isDestroy = destroys(done.step);
  draft.moment = done.after;
  draft.hasDestroyed ||= isDestroy;
  draft.mayFailAtEnd ||= done.mayFail && isDestroy;
}

async function innerStep(draft: Draft, step: InnerStep): Promise<void> {
  const { stage, excuse, transaction } = draft;
  if (step.do === 'savepoint') return savepoint(draft, step);
  if (isWriteStep(step)) return writeStep(draft, step);
  // What a transaction has destroyed is still in the CRM.
  if (draft.hasDestroyed) return;
  return performRead(stage, step, { excuse, ...(transaction && { transaction }) });
}

async function savepoint(
  draft: Draft,
  { steps, end }: Extract<InnerStep, { do: 'savepoint' }>,
): Promise<void> {
  const { stage, transaction } = draft;
  const inner = await stage.world.sequelize.transaction({
    transaction: transaction ?? null,
  } as object);
  const own: Draft = { ...draft, transaction: inner };
  try {
    for (const step of steps) await innerStep(own, step);
  } catch (error) {
    await inner.rollback().catch(refusing(own));
    throw error;
  }
  if (end === 'rollback') return inner.rollback().catch(refusing(own));
  await inner.commit();
  draft.moment = own.moment;
  draft.hasDestroyed = own.hasDestroyed;
  draft.mayFailAtEnd = own.mayFailAtEnd;
}

/** What has become of a write. */
interface Outcome {
  /** The CRM as it should be then. */
  readonly moment: Moment;
  /** More than that is possible. */
  readonly isUnsure: boolean;
  /** It ended in an error, as it may. */
  readonly isRefused: boolean;
}

/** Play a transaction. */
async function wholeTransaction(
  { stage, excuse }: { readonly stage: Stage; readonly excuse: Excuse },
  { steps, end }: TransactionCommand,
  before: Moment,
): Promise<Outcome> {
  const transaction = await stage.world.sequelize.transaction();
  const draft: Draft = {
    stage,
    excuse,
    transaction,
    moment: before,
    hasDestroyed: false,
    mayFailAtEnd: false,
  };
  try {
    for (const step of steps) await innerStep(draft, step);
  } catch (error) {
    await transaction.rollback().catch(expected(draft));
    if (error instanceof Refused)
      return { moment: before, isUnsure: excuse.mayFail, isRefused: true };
    throw error;
  }
  if (end === 'rollback') {
    await transaction.rollback().catch(expected(draft));
    return { moment: before, isUnsure: excuse.mayFail, isRefused: true };
  }
  try {
    await transaction.commit();
  } catch (error) {
    expected(draft)(error);
    return { moment: before, isUnsure: true, isRefused: true };
  }
  return { moment: draft.moment, isUnsure: draft.mayFailAtEnd, isRefused: false };
}

/** What cannot be taken back dooms the whole transaction. */
function refusing(draft: Draft): (error: unknown) => never {
  return (error) => {
    expected(draft)(error);
    throw new Refused(error);
  };
}

/** Let an end fail that may fail. */
function expected({ excuse, mayFailAtEnd, stage }: Draft): (error: unknown) => void {
  return (error) => {
    const isAllowed = excuse.mayFail || excuse.isConcurrent || mayFailAtEnd;
    if (!isAllowed || !isRefusal(error)) throw error;
    stage.tally.gaveUp += 1;
  };
}

async function single(
  { stage, excuse }: { readonly stage: Stage; readonly excuse: Excuse },
  step: WriteStep,
  before: Moment,
): Promise<Outcome> {
  const draft: Draft = {
    stage,
    excuse,
    transaction: undefined,
    moment: before,
    hasDestroyed: false,
    mayFailAtEnd: false,
  };
  try {
    await writeStep(draft, step);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { moment: before, isUnsure: excuse.mayFail, isRefused: true };
  }
  return { moment: draft.moment, isUnsure: draft.mayFailAtEnd, isRefused: false };
}

/**
 * Write, and compare what both sides have then with what the oracle says.
 *
 * @returns whether it was refused, as it may be.
 */
export async function performWrite(
  stage: Stage,
  command: WriteCommand,
  excuse: Excuse,
): Promise<boolean> {
  const open = { since: stage.history.now };
  stage.openWrites.add(open);
  const before = stage.history.at(stage.history.now);
  try {
    const call = { stage, excuse };
    const { moment, isUnsure, isRefused } =
      command.do === 'transaction'
        ? await wholeTransaction(call, command, before)
        : await single(call, command, before);
    if (excuse.isConcurrent || isUnsure) return isRefused;
    const there = stage.history.at(stage.history.now);
    complain([...differences(moment, there), ...(await localProblems(stage, { before, there }))]);
    return isRefused;
  } finally {
    stage.openWrites.delete(open);
  }
}

/** Rows here of records that a write has changed, and that are not as the CRM has them. */
async function localProblems(
  stage: Stage,
  { before, there }: { readonly before: Moment; readonly there: Moment },
): Promise<string[]> {
  await stage.ids.look();
  const problems: string[] = [];
  for (const { name } of entities) {
    for (const row of rowsOf(there, name)) {
      const earlier = rowOf(before, name, row.legacyId);
      if (earlier && (sameRow(earlier, row) || isUnlinked(earlier, row))) continue;
      problems.push(...(await rowProblems(stage, name, row)));
    }
  }
  return problems;
}

/** Whether all that has changed is that the CRM has unlinked what was deleted. */
function isUnlinked(earlier: Row, later: Row): boolean {
  return Object.entries(earlier.cells).every(
    ([name, cell]) => sameCell(cell, later.cells[name] ?? null) || later.cells[name] === null,
  );
}

async function rowProblems(stage: Stage, name: ModelName, row: Row): Promise<string[]> {
  const where = { legacyId: row.legacyId };
  const options = { where, skipLegacy: true };
  const local: Model | null = await modelOf(stage, name).findOne(options as object);
  if (!local) return [`${name} ${row.legacyId} is not here after the write`];
  return cellProblems(stage.ids, local, { name, row }).map((problem) => `here, ${problem}`);
}

/** Whether writes are noted that have not been settled. */
export async function openIntents({ world }: Stage): Promise<number> {
  const [row] = await world.sequelize.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM dual_write_intents i WHERE ${isOpen}`,
    { type: QueryTypes.SELECT },
  );
  return row?.open ?? 0;
}

/** Read every model, and compare all of it: after concurrent writes, faults, and at the end. */
export async function compareAll(stage: Stage): Promise<void> {
  const excuse: Excuse = { isConcurrent: false, mayFail: false };
  for (const { name } of entities) {
    await performRead(stage, { do: 'rows', by: 'findAll', query: { model: name } }, { excuse });
  }
  const open = await openIntents(stage);
  if (open > 0) throw new ExactnessError([`${open} intents are left`]);
}

/** Whether a write deletes: what the CRM has deleted stays so, whatever fails. */
export function destroys(command: WriteCommand | InnerStep): boolean {
  if (command.do === 'destroy' || command.do === 'destroyWhere') return true;
  if (command.do === 'link') return associationOf(command.model, command.as).type === 'through';
  const isNest = command.do === 'transaction' || command.do === 'savepoint';
  return isNest && command.steps.some(destroys);
}
