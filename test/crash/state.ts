import type { ModelName, Row, Step, Values, Work, Write } from './orders';

/**
 * What the records hold, by `Organisation 00000000-…`; of a link, by `link`, the organisation's key
 * and the sector's, nothing. A soft-deleted row holds `isDeleted`.
 */
export type State = Readonly<Record<string, Values>>;

/** Names a record in a state. */
export const recordName = (model: ModelName, id: string): string => `${model} ${id}`;

/** Names a link in a state. */
export const linkName = (id: string, sector: number): string => `link ${id} ${sector}`;

/** The attributes of which a state knows, and what they hold when nothing was given. */
const blank: Readonly<Record<ModelName, Values>> = {
  Organisation: { name: '', employees: null, accountNumber: null },
  Contact: { lastName: '', organisationId: null },
  Errand: { subject: '', notes: null, isDeleted: 0 },
};

const isThere = (state: State, name: string): boolean =>
  state[name] !== undefined && state[name].isDeleted !== 1;

function created(state: State, model: ModelName, { id, values }: Row): State {
  const name = recordName(model, id);
  return name in state ? state : { ...state, [name]: { ...blank[model], ...values } };
}

function changed(state: State, model: ModelName, { id, values }: Row): State {
  const name = recordName(model, id);
  return isThere(state, name) ? { ...state, [name]: { ...state[name], ...values } } : state;
}

function withoutRecord(state: State, name: string): State {
  const values = state[name];
  if (!values) return state;
  if ('isDeleted' in values) return { ...state, [name]: { ...values, isDeleted: 1 } };
  return Object.fromEntries(Object.entries(state).filter(([each]) => each !== name));
}

function each<T>(state: State, list: readonly T[], apply: (state: State, item: T) => State): State {
  return list.reduce(apply, state);
}

function overwritten(state: State, write: Extract<Write, { kind: 'bulkCreate' }>): State {
  const { model, rows, overwrite = [] } = write;
  return each(state, rows, (current, { id, values }) => {
    if (!(recordName(model, id) in current)) return created(current, model, { id, values });
    const kept = Object.entries(values).filter(([name]) => overwrite.includes(name));
    return changed(current, model, { id, values: Object.fromEntries(kept) });
  });
}

function incremented(state: State, id: string, by: number): State {
  const employees = state[recordName('Organisation', id)]?.employees;
  // PostgreSQL adds to NULL as it must: NULL stays.
  if (typeof employees !== 'number') return state;
  return changed(state, 'Organisation', { id, values: { employees: employees + by } });
}

/** The state after one more write that has succeeded. */
function afterWrite(state: State, write: Write): State {
  switch (write.kind) {
    case 'create':
      return created(state, write.model, write);
    case 'update':
      return changed(state, write.model, write);
    case 'upsert':
      return changed(created(state, write.model, write), write.model, write);
    case 'destroy':
      return withoutRecord(state, recordName(write.model, write.id));
    case 'restore': {
      const name = recordName(write.model, write.id);
      return name in state ? { ...state, [name]: { ...state[name], isDeleted: 0 } } : state;
    }
    case 'increment':
      return each(state, write.ids, (current, id) => incremented(current, id, write.by));
    default:
      return afterMany(state, write);
  }
}

type Many = Exclude<
  Write,
  { kind: 'create' | 'update' | 'upsert' | 'destroy' | 'restore' | 'increment' }
>;

function afterMany(state: State, write: Many): State {
  switch (write.kind) {
    case 'bulkCreate':
      return overwritten(state, write);
    case 'updateWhere': {
      const { model, ids, values } = write;
      return each(state, ids, (current, id) => changed(current, model, { id, values }));
    }
    case 'destroyWhere':
      return each(state, write.ids, (current, id) =>
        withoutRecord(current, recordName(write.model, id)),
      );
    case 'findOrCreate': {
      const { accountNumber } = write.values;
      const isFound = Object.values(state).some((row) => row.accountNumber === accountNumber);
      return isFound ? state : created(state, 'Organisation', write);
    }
    case 'link':
      return each(state, write.sectors, (current, sector) => ({
        ...current,
        [linkName(write.id, sector)]: {},
      }));
    case 'unlink':
      return each(state, write.sectors, (current, sector) =>
        withoutRecord(current, linkName(write.id, sector)),
      );
    case 'family':
      return each(created(state, 'Organisation', write), write.contacts, (current, contact) =>
        created(current, 'Contact', {
          ...contact,
          values: { ...contact.values, organisationId: write.id },
        }),
      );
  }
}

/** The state after steps that have succeeded. */
export function after(state: State, steps: readonly Step[]): State {
  return each(state, steps, (current, step) => {
    if (step.kind !== 'savepoint') return afterWrite(current, step);
    return step.isRolledBack ? current : after(current, step.steps);
  });
}

/** What steps take away, by the names of the records. */
function removals(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => {
    if (step.kind === 'savepoint') return step.isRolledBack ? [] : removals(step.steps);
    if (step.kind === 'destroy') return [recordName(step.model, step.id)];
    if (step.kind === 'unlink') return step.sectors.map((sector) => linkName(step.id, sector));
    if (step.kind !== 'destroyWhere') return [];
    return step.ids.map((id) => recordName(step.model, id));
  });
}

/** Nothing of the call, but any of its deletes: the CRM has carried them out, and they stand. */
export function withDeletes(state: State, work: Work): State[] {
  const there = [...new Set(removals(work))].filter((name) => isThere(state, name));
  return there.reduce<State[]>(
    (states, name) => [...states, ...states.map((each) => withoutRecord(each, name))],
    [state],
  );
}

/** A state as text: the same for the same contents. */
export function identityOf(state: State): string {
  const entries = Object.entries(state).map(([name, values]) => [
    name,
    Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return JSON.stringify(entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}
