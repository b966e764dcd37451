import type { CallPlan, Fields, StepPlan, WritePlan } from './commands';
import type { Call, Step } from './calls';
import { afterCall } from './calls';
import {
  after,
  type Cells,
  modelOf,
  type ModelName,
  referredTo,
  shapes,
  type State,
} from './state';
import type { Write } from './state';

/** What is known when a command is planned. */
export interface Known {
  /** Every state that both sides may be in when all is settled. */
  readonly possible: readonly State[];
  /** Records that a call without a known outcome may have to do with. */
  readonly doubtful: ReadonlySet<string>;
  /** A number that has not been used yet in this history. */
  next(): number;
}

/** Make plans for what there is. */
export class Planner {
  #savepoints = 0;
  readonly #kept: ReadonlySet<string>;

  constructor(private readonly known: Known) {
    // What is referred to at first may have to be referred to again when a call is taken back.
    this.#kept = new Set(known.possible.flatMap((state) => [...referredTo(state)]));
  }

  /** The records of a model whose state is certain, and no other than in `state`. */
  #certain(state: State, model: ModelName): string[] {
    const { possible, doubtful } = this.known;
    const isMade = (name: string): boolean => possible.every((one) => !one.has(name));
    return [...state.keys()].filter(
      (name) =>
        modelOf(name) === model &&
        !doubtful.has(name) &&
        (isMade(name) || possible.every((one) => one.has(name))),
    );
  }

  /** The n-th record of those that are certain. */
  pick(state: State, model: ModelName, ref: number): string | undefined {
    const names = this.#certain(state, model);
    return names[ref % Math.max(names.length, 1)];
  }

  /** Records that can be deleted: nobody refers to them, or has. */
  pickLonely(state: State, model: ModelName, ref: number): string | undefined {
    const referred = referredTo(state);
    const names = this.#certain(state, model).filter(
      (name) => !referred.has(name) && !this.#kept.has(name),
    );
    return names[ref % Math.max(names.length, 1)];
  }

  /** Values that no record has had. Links lead to organisations with a smaller number. */
  cells(state: State, name: string, fields: Fields): Cells {
    const { texts, numbers, link } = shapes[modelOf(name)];
    const cells: Record<string, string | number | null> = {};
    for (const [at, attribute] of Object.keys(texts).entries()) {
      if (fields.texts[at]) cells[attribute] = `text ${this.known.next()}`;
    }
    for (const attribute of Object.keys(numbers)) {
      if (fields.number) cells[attribute] = 1000 + this.known.next();
    }
    if (fields.link === undefined) return cells;
    cells[link.attribute] = this.#linkFor(state, name, fields.link);
    return cells;
  }

  #linkFor(state: State, name: string, ref: number | null): string | null {
    if (ref === null) return null;
    const number = Number(name.slice(1));
    const targets = this.#certain(state, 'Organisation').filter(
      (target) => modelOf(name) === 'Contact' || Number(target.slice(1)) < number,
    );
    return targets[ref % Math.max(targets.length, 1)] ?? null;
  }

  /** A record that has not been there. */
  fresh(state: State, model: ModelName, link: number | null): [string, Cells] {
    const name = `${model === 'Organisation' ? 'O' : 'C'}${this.known.next()}`;
    return [name, this.cells(state, name, { texts: [true, true], number: true, link })];
  }

  /** A call on what there is; undefined when there is nothing for it. */
  call(plan: CallPlan): Call | undefined {
    const [state] = this.known.possible;
    if (!state) return undefined;
    if (plan.do !== 'transaction') {
      const write = this.#write(state, plan);
      return write && { do: 'write', write };
    }
    const steps = this.#steps(state, plan.steps);
    return steps.length === 0 ? undefined : { do: 'transaction', steps, end: plan.end };
  }

  #steps(first: State, plans: readonly StepPlan[]): Step[] {
    let state = first;
    return plans.flatMap((plan): Step[] => {
      const step = this.#step(state, plan);
      if (!step) return [];
      state = afterCall(state, { do: 'transaction', steps: [step], end: 'commit' });
      return [step];
    });
  }

  #step(state: State, plan: StepPlan): Step | undefined {
    if (plan.do === 'read') return plan;
    if (plan.do !== 'savepoint') {
      const write = this.#write(state, plan);
      return write && { do: 'write', write };
    }
    this.#savepoints += 1;
    const number = this.#savepoints;
    const steps = this.#steps(state, plan.steps);
    return steps.length === 0 ? undefined : { ...plan, number, steps };
  }

  #write(state: State, plan: WritePlan): Write | undefined {
    if (plan.do === 'create') return this.#create(state, plan);
    const model = plan.do === 'add' ? 'Organisation' : plan.model;
    const find = (ref: number): string | undefined =>
      plan.do === 'destroy' ? this.pickLonely(state, model, ref) : this.pick(state, model, ref);
    const found = plan.refs.flatMap((ref) => find(ref) ?? []);
    const names = plan.how === 'static' ? [...new Set(found)] : found.slice(0, 1);
    const [name] = names;
    if (name === undefined) return undefined;
    if (plan.do !== 'set') return { ...plan, names };
    const { do: kind, how, fields } = plan;
    return {
      do: kind,
      how,
      names,
      cells: this.cells(state, lowest(names), fittingFields(how, fields)),
    };
  }

  #create(state: State, plan: Extract<WritePlan, { do: 'create' }>): Write {
    let now = state;
    const size = plan.how === 'bulkCreate' ? 3 : 1;
    const records = Array.from({ length: size }, () => {
      const [name, cells] = this.fresh(state, plan.model, plan.link);
      const record = { name, id: localId(name), cells };
      now = after(now, { do: 'create', how: 'create', records: [record] });
      return record;
    });
    return { do: 'create', how: plan.how, records };
  }
}

/** Links must suit all of them. */
function lowest(names: readonly string[]): string {
  return [...names].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))[0] ?? '';
}

/** A setter sets the link alone; to an instance that is not up to date, a link may be no change. */
function fittingFields(how: string, fields: Fields): Fields {
  if (how === 'setter') return { texts: [false, false], number: false, link: fields.link ?? null };
  if (how === 'stale save') return { ...fields, texts: [true, fields.texts[1]], link: undefined };
  return fields;
}

/** The local key that the application chooses. */
function localId(name: string): string {
  const model = modelOf(name) === 'Organisation' ? '1' : '2';
  return `${model}0000000-0000-4000-8000-${name.slice(1).padStart(12, '0')}`;
}
