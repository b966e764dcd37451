import type { Model, ModelStatic, Transaction } from 'sequelize';
import type { Call, Savepoint, Step } from './calls';
import type { Application } from './connected-models';
import type { Report } from './orders';
import { told } from './told';
import { type Cell, type Cells, linkOf, modelOf, shapes, type Write } from './state';

/** Where a write is made. */
interface Place {
  readonly application: Application;
  readonly transaction: Transaction | null;
}

type Setter = (value: unknown, options: object) => Promise<unknown>;

function modelClass({ application }: Place, name: string): ModelStatic<Model> {
  return application.models[modelOf(name)];
}

const nameOf = (name: string): Record<string, string> => ({
  [shapes[modelOf(name)].name.attribute]: name,
});

/** The instance of a record: as it was last read here, or read now. */
async function instanceOf(place: Place, name: string, isStale: boolean): Promise<Model> {
  const { transaction } = place;
  const model = modelClass(place, name);
  const where = nameOf(name);
  const local = isStale
    ? await model.findOne({ where, transaction, skipLegacy: true } as object)
    : null;
  return local ?? (await model.findOne({ where, transaction, rejectOnEmpty: true }));
}

async function valueOf(
  place: Place,
  [attribute, cell]: [string, Cell],
): Promise<[string, unknown]> {
  const isLink = attribute === 'parentId' || attribute === 'organisationId';
  if (!isLink || typeof cell !== 'string') return [attribute, cell];
  return [attribute, (await instanceOf(place, cell, true)).get('id')];
}

async function valuesOf(place: Place, cells: Cells): Promise<Record<string, unknown>> {
  const values: [string, unknown][] = [];
  for (const entry of Object.entries(cells)) values.push(await valueOf(place, entry));
  return Object.fromEntries(values);
}

async function create(place: Place, write: Extract<Write, { do: 'create' }>): Promise<void> {
  const { transaction } = place;
  const rows: Record<string, unknown>[] = [];
  for (const { name, id, cells } of write.records) {
    rows.push({ id, ...nameOf(name), ...(await valuesOf(place, cells)) });
  }
  const [name = ''] = write.records.map((record) => record.name);
  const [first = {}] = rows;
  const model = modelClass(place, name);
  if (write.how === 'bulkCreate') await model.bulkCreate(rows, { transaction });
  else if (write.how === 'upsert') await model.upsert(first, { transaction });
  else if (write.how === 'create') await model.create(first, { transaction });
  else {
    const where = nameOf(name);
    await model.findOrCreate({ where, defaults: first, ...(transaction && { transaction }) });
  }
}

async function set(place: Place, write: Extract<Write, { do: 'set' }>): Promise<void> {
  const { transaction } = place;
  const { how, names, cells } = write;
  const [name = ''] = names;
  const values = await valuesOf(place, cells);
  if (how === 'static') {
    const where = { [shapes[modelOf(name)].name.attribute]: names };
    await modelClass(place, name).update(values, { where, transaction });
    return;
  }
  const instance = await instanceOf(place, name, how === 'stale save');
  if (how === 'upsert') {
    const given = { id: instance.get('id'), ...nameOf(name), ...values };
    await modelClass(place, name).upsert(given, { transaction });
  } else if (how === 'setter') {
    const setter = modelOf(name) === 'Contact' ? 'setOrganisation' : 'setParent';
    const call = (instance as unknown as Record<string, Setter>)[setter];
    await call?.call(instance, values[linkOf(name)] ?? null, { transaction });
  } else {
    await instance.update(values, { transaction });
  }
}

async function add(place: Place, { how, names, by }: Extract<Write, { do: 'add' }>): Promise<void> {
  const { transaction } = place;
  const [name = ''] = names;
  if (how === 'static') {
    const where = { name: names };
    await modelClass(place, name).increment('employees', { by, where, transaction });
  } else {
    const instance = await instanceOf(place, name, true);
    await instance.increment('employees', { by, transaction });
  }
}

async function destroy(place: Place, write: Extract<Write, { do: 'destroy' }>): Promise<void> {
  const { transaction } = place;
  const [name = ''] = write.names;
  if (write.how === 'static') {
    const where = { [shapes[modelOf(name)].name.attribute]: write.names };
    await modelClass(place, name).destroy({ where, transaction });
  } else {
    await (await instanceOf(place, name, true)).destroy({ transaction });
  }
}

async function performWrite(place: Place, write: Write): Promise<void> {
  switch (write.do) {
    case 'create':
      return create(place, write);
    case 'set':
      return set(place, write);
    case 'add':
      return add(place, write);
    case 'destroy':
      return destroy(place, write);
  }
}

/** Thrown to have Sequelize roll back, and caught where that was meant to happen. */
class RollBack extends Error {}

/** What was caught, and why. */
interface Caught {
  readonly number: number;
  /** Nothing when it was meant to be rolled back. */
  readonly error?: string;
}

async function performSteps(place: Place, steps: readonly Step[]): Promise<Caught[]> {
  const caught: Caught[] = [];
  for (const step of steps) {
    if (step.do === 'write') await performWrite(place, step.write);
    else if (step.do === 'savepoint') caught.push(...(await performSavepoint(place, step)));
    else {
      const model = place.application.models[step.model] as unknown as ModelStatic<Model>;
      await model.findAll({ transaction: place.transaction });
    }
  }
  return caught;
}

async function performSavepoint(place: Place, savepoint: Savepoint): Promise<Caught[]> {
  const { application, transaction } = place;
  const { steps, end, number } = savepoint;
  let within: Caught[] = [];
  try {
    await application.sequelize.transaction({ transaction }, async (inner) => {
      within = await performSteps({ application, transaction: inner }, steps);
      if (end === 'rollback') throw new RollBack();
    });
    return within;
  } catch (error) {
    return [error instanceof RollBack ? { number } : { number, error: told(error) }];
  }
}

/** Carry out a call that writes. */
export async function performCall(application: Application, call: Call): Promise<Report> {
  if (call.do === 'write') {
    await performWrite({ application, transaction: null }, call.write);
    return { type: 'done' };
  }
  let caught: Caught[] = [];
  try {
    await application.sequelize.transaction(async (transaction) => {
      caught = await performSteps({ application, transaction }, call.steps);
      if (call.end === 'rollback') throw new RollBack();
    });
  } catch (error) {
    if (!(error instanceof RollBack)) throw error;
  }
  const errors = caught.flatMap(({ error }) => error ?? []);
  return { type: 'done', caught: caught.map(({ number }) => number), errors };
}
