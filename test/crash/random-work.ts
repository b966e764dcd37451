import type { ModelName, Row, Step, Values, Work, Write } from './orders';
import { oneOf, type Random, randomUuid } from './random';
import { after, recordName, type State } from './state';

/** What the writes of one lane are about; no other lane touches these records. */
export interface Lane {
  /** An organisation that is never deleted: others refer to it. */
  readonly hub: string;
  /** Its account number is this, and those of others begin with it. */
  readonly tag: string;
  readonly sectors: readonly number[];
}

interface Chance {
  readonly random: Random;
  readonly lane: Lane;
  readonly state: State;
}

const models: readonly [ModelName, ...ModelName[]] = ['Organisation', 'Contact', 'Errand'];

/** The keys of the records of a model that may come and go. */
function idsOf({ state, lane }: Chance, model: ModelName, isDeleted = false): string[] {
  return Object.entries(state)
    .filter(([name, { isDeleted: mark = 0 }]) => {
      return name.startsWith(`${model} `) && (mark === 1) === isDeleted;
    })
    .map(([name]) => name.slice(model.length + 1))
    .filter((id) => id !== lane.hub);
}

function some({ random }: Chance, ids: readonly string[], most: number): string[] {
  const first = random(Math.max(ids.length, 1));
  return [...ids.slice(first), ...ids.slice(0, first)].slice(0, 1 + random(most));
}

/** The values of a new row; its name has its key, so that no other record can pass for it. */
function newRow({ random, lane }: Chance, model: ModelName): Row {
  const id = randomUuid(random);
  const values: Record<ModelName, Values> = {
    Organisation: { name: `Example ${id}`, employees: random(10_000) },
    Contact: { lastName: id, organisationId: random(2) === 0 ? lane.hub : null },
    Errand: { subject: `Errand ${id}`, notes: `${random(10_000)}` },
  };
  return { id, values: values[model] };
}

function newValues({ random, lane }: Chance, model: ModelName): Values {
  const values: Record<ModelName, Values> = {
    Organisation: { employees: random(10_000) },
    Contact: { organisationId: random(2) === 0 ? lane.hub : null },
    Errand: { notes: `${random(10_000)}` },
  };
  return values[model];
}

type Maker = (chance: Chance) => Write | undefined;

const create: Maker = (chance) => {
  const model = oneOf(chance.random, models);
  return { kind: 'create', model, ...newRow(chance, model) };
};

const update: Maker = (chance) => {
  const model = oneOf(chance.random, models);
  const own = idsOf(chance, model);
  const ids = model === 'Organisation' ? [chance.lane.hub, ...own] : own;
  const [id] = some(chance, ids, 1);
  return id === undefined
    ? undefined
    : { kind: 'update', model, id, values: newValues(chance, model) };
};

const destroy: Maker = (chance) => {
  const model = oneOf(chance.random, models);
  const [id] = some(chance, removable(chance, model), 1);
  return id === undefined ? undefined : { kind: 'destroy', model, id };
};

/** Organisations to which contacts refer stay. */
function removable(chance: Chance, model: ModelName): string[] {
  const held = new Set(Object.values(chance.state).map(({ organisationId }) => organisationId));
  return idsOf(chance, model).filter((id) => !held.has(id));
}

const destroyWhere: Maker = (chance) => {
  const model = oneOf(chance.random, models);
  const ids = some(chance, removable(chance, model), 3);
  return ids.length === 0 ? undefined : { kind: 'destroyWhere', model, ids };
};

const restore: Maker = (chance) => {
  const [id] = some(chance, idsOf(chance, 'Errand', true), 1);
  return id === undefined ? undefined : { kind: 'restore', model: 'Errand', id };
};

const increment: Maker = (chance) => {
  const { lane, random } = chance;
  const others = random(2) === 0 ? some(chance, idsOf(chance, 'Organisation'), 2) : [];
  return { kind: 'increment', ids: [lane.hub, ...others], by: oneOf(random, [1, -3, 10]) };
};

const bulkCreate: Maker = (chance) => {
  const model = oneOf(chance.random, models);
  const rows = Array.from({ length: 1 + chance.random(3) }, () => newRow(chance, model));
  if (chance.random(2) === 0) return { kind: 'bulkCreate', model, rows };
  const met = some(chance, idsOf(chance, model), 2).map((id) => ({
    id,
    // What must not be empty comes along; it is not overwritten.
    values: { ...chance.state[recordName(model, id)], ...newValues(chance, model) },
  }));
  const overwrite = Object.keys(newValues(chance, model));
  return { kind: 'bulkCreate', model, rows: [...rows, ...met.map(withoutMark)], overwrite };
};

function withoutMark({ id, values }: Row): Row {
  return {
    id,
    values: Object.fromEntries(Object.entries(values).filter(([name]) => name !== 'isDeleted')),
  };
}

const updateWhere: Maker = (chance) => {
  const model = oneOf(chance.random, models);
  const ids = some(chance, idsOf(chance, model), 3);
  if (ids.length === 0) return undefined;
  return { kind: 'updateWhere', model, ids, values: newValues(chance, model) };
};

const upsert: Maker = (chance) => {
  const model = oneOf(chance.random, ['Organisation', 'Contact'] as const);
  const [id] = some(chance, idsOf(chance, model), 1);
  const row = newRow(chance, model);
  if (id === undefined || chance.random(2) === 0) return { kind: 'upsert', model, ...row };
  const values = { ...chance.state[recordName(model, id)], ...newValues(chance, model) };
  return { kind: 'upsert', model, id, values };
};

const findOrCreate: Maker = (chance) => {
  const accountNumber = `${chance.lane.tag}-${chance.random(3)}`;
  const { id, values } = newRow(chance, 'Organisation');
  return { kind: 'findOrCreate', id, values: { ...values, accountNumber } };
};

const link: Maker = ({ random, lane }) => {
  const first = random(lane.sectors.length);
  const sectors = lane.sectors.slice(first, first + 1 + random(2));
  return { kind: oneOf(random, ['link', 'link', 'unlink']), id: lane.hub, sectors };
};

const family: Maker = (chance) => ({
  kind: 'family',
  ...newRow(chance, 'Organisation'),
  contacts: Array.from({ length: 1 + chance.random(2) }, () => {
    const { id } = newRow(chance, 'Contact');
    return { id, values: { lastName: id } };
  }),
});

const makers: readonly [Maker, ...Maker[]] = [
  create,
  create,
  update,
  update,
  destroy,
  restore,
  increment,
  bulkCreate,
  updateWhere,
  destroyWhere,
  upsert,
  findOrCreate,
  link,
  family,
];

function randomWrite(chance: Chance): Write {
  const make = oneOf(chance.random, makers);
  return make(chance) ?? { kind: 'increment', ids: [chance.lane.hub], by: 1 };
}

function randomSteps(chance: Chance, size: number, depth: number): [Step, ...Step[]] {
  const steps: Step[] = [];
  let { state } = chance;
  for (let left = size; left > 0; left -= 1) {
    const now = { ...chance, state };
    const step: Step =
      depth > 0 && chance.random(4) === 0
        ? {
            kind: 'savepoint',
            steps: randomSteps(now, 1 + chance.random(2), depth - 1),
            isRolledBack: chance.random(2) === 0,
          }
        : randomWrite(now);
    state = after(state, [step]);
    steps.push(step);
  }
  return steps as [Step, ...Step[]];
}

/** Calls of one write, and transactions of up to four steps, that make sense one after the other. */
export function randomWork(chance: Chance, calls: number): Work[] {
  let { state } = chance;
  return Array.from({ length: calls }, () => {
    const now = { ...chance, state };
    const work: Work =
      chance.random(2) === 0 ? [randomWrite(now)] : randomSteps(now, 2 + chance.random(3), 2);
    state = after(state, work);
    return work;
  });
}
