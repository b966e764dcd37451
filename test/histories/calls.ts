import { after, type Cells, type State, without, type Write } from './state';

/** Something within a transaction. */
export type Step =
  | { readonly do: 'write'; readonly write: Write }
  | { readonly do: 'read'; readonly model: 'Organisation' | 'Contact' }
  | Savepoint;

/** A nested transaction; what fails in it is caught, and the outer one goes on. */
export interface Savepoint {
  readonly do: 'savepoint';
  /** Different from those of all others in the call. */
  readonly number: number;
  readonly steps: readonly Step[];
  readonly end: 'release' | 'rollback';
}

/** One call of the application that writes: alone, or a transaction. */
export type Call =
  | { readonly do: 'write'; readonly write: Write }
  | {
      readonly do: 'transaction';
      readonly steps: readonly Step[];
      readonly end: 'commit' | 'rollback';
    };

/** What the application said of a call; nothing when it was killed before it could. */
export interface CallReport {
  readonly type: 'done' | 'failed';
  /** The savepoints whose failure was caught. */
  readonly caught?: readonly number[];
  /** Why they failed, of those that were not meant to. */
  readonly errors?: readonly string[];
  readonly error?: string;
  readonly message?: string;
}

function afterSteps(state: State, steps: readonly Step[], caught: readonly number[]): State {
  return steps.reduce((now, step) => {
    if (step.do === 'read') return now;
    if (step.do === 'write') return after(now, step.write);
    if (step.end === 'rollback' || caught.includes(step.number)) return now;
    return afterSteps(now, step.steps, caught);
  }, state);
}

/** The state after a call that was carried out. */
export function afterCall(state: State, call: Call, caught: readonly number[] = []): State {
  if (call.do === 'write') return after(state, call.write);
  return call.end === 'rollback' ? state : afterSteps(state, call.steps, caught);
}

/** Every write of a call, those that are rolled back with a savepoint, too. */
export function writesOf(call: Call): Write[] {
  const inSteps = (steps: readonly Step[]): Write[] =>
    steps.flatMap((step) => {
      if (step.do === 'read') return [];
      return step.do === 'write' ? [step.write] : inSteps(step.steps);
    });
  return call.do === 'write' ? [call.write] : inSteps(call.steps);
}

/** Records that a call has to do with, those that it links to included. */
export function namesOf(call: Call): string[] {
  return writesOf(call).flatMap((write) => {
    if (write.do === 'create') {
      return write.records.flatMap(({ name, cells }) => [name, ...linkedIn(cells)]);
    }
    return [...write.names, ...(write.do === 'set' ? linkedIn(write.cells) : [])];
  });
}

function linkedIn(cells: Cells): string[] {
  const links = [cells.parentId, cells.organisationId];
  return links.filter((link) => typeof link === 'string');
}

/** The numbers of the savepoints of a call. */
function savepointsOf(call: Call): number[] {
  const inSteps = (steps: readonly Step[]): number[] =>
    steps.flatMap((step) => (step.do === 'savepoint' ? [step.number, ...inSteps(step.steps)] : []));
  return call.do === 'write' ? [] : inSteps(call.steps);
}

/** The deletes of a call that it would send at its end. */
function deletesOf(state: State, call: Call, caught: readonly number[]): string[] {
  const end = afterCall(state, call, caught);
  const destroyed = writesOf(call).flatMap((write) => (write.do === 'destroy' ? write.names : []));
  return [...new Set(destroyed)].filter((name) => state.has(name) && !end.has(name));
}

/** Every selection of a few things. */
function selections<T>(things: readonly T[]): T[][] {
  return things.reduce<T[][]>(
    (found, thing) => [...found, ...found.map((selection) => [...selection, thing])],
    [[]],
  );
}

/** What a history allows of the outcomes of deletes. */
export interface DeleteRules {
  /** Deletes go one by one, so that some may have been carried out and others not. */
  readonly oneByOne: boolean;
}

/**
 * Every state that a call may have led to, given what was said of it. What fails leaves nothing,
 * but for deletes that the CRM has carried out, which are completed.
 */
export function outcomes(
  state: State,
  call: Call,
  known: { readonly report: CallReport | undefined; readonly rules: DeleteRules },
): State[] {
  const { report, rules } = known;
  if (report?.type === 'done') return [afterCall(state, call, report.caught)];
  const isRefused = report !== undefined && report.error !== 'InDoubtError';
  // Which savepoints had failed before is not known of a process that was killed.
  const failures = selections(savepointsOf(call));
  const carriedOut = isRefused ? [] : failures.map((caught) => afterCall(state, call, caught));
  const deleted = failures.flatMap((caught) => {
    const names = deletesOf(state, call, caught);
    return rules.oneByOne ? selections(names) : [[], names];
  });
  return [...carriedOut, ...deleted.map((names) => without(state, names))];
}
