import { type Model, type ModelStatic, type Sequelize, Transaction } from 'sequelize';
import type { CrashModels } from './crash-models';
import type { ModelName, Orders, Row, Step, Work, Write } from './orders';

/** Where writes are carried out. */
interface Stage {
  readonly sequelize: Sequelize;
  readonly models: CrashModels;
  readonly transaction?: Transaction;
}

type Of<K extends Write['kind']> = Extract<Write, { readonly kind: K }>;

/** Thrown to have a savepoint rolled back, as a caller does. */
class ChangeOfMind extends Error {}

/** Carry out one call, or a transaction. */
export async function carryOutWork(
  stage: Omit<Stage, 'transaction'>,
  work: Work,
  { isRolledBack, isSerializable }: Pick<Orders, 'isRolledBack' | 'isSerializable'>,
): Promise<void> {
  const [first, ...others] = work;
  if (isSerializable) return carryOutSerializably(stage, work);
  if (isRolledBack) return carryOutInVain(stage, work);
  if (others.length === 0 && first.kind !== 'savepoint') return carryOut(stage, first);
  await stage.sequelize.transaction((transaction) =>
    carryOutSteps({ ...stage, transaction }, work),
  );
}

/** What the transaction reads and writes first is what another gets into conflict with. */
async function carryOutSerializably(stage: Stage, work: Work): Promise<void> {
  const options = { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE };
  await stage.sequelize.transaction(options, async (transaction) => {
    await stage.sequelize.query('SELECT sum(n) FROM crash_conflicts', { transaction });
    await stage.sequelize.query('UPDATE crash_conflicts SET n = n + 1 WHERE id = 1', {
      transaction,
    });
    await carryOutSteps({ ...stage, transaction }, work);
  });
}

async function carryOutInVain(stage: Stage, work: Work): Promise<void> {
  await stage.sequelize.transaction(async (transaction) => {
    await carryOutSteps({ ...stage, transaction }, work);
    throw new ChangeOfMind('The caller has changed its mind.');
  });
}

async function carryOutSteps(stage: Stage, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (step.kind !== 'savepoint') {
      await carryOut(stage, step);
      continue;
    }
    const { transaction } = stage;
    try {
      await stage.sequelize.transaction({ transaction }, async (savepoint) => {
        await carryOutSteps({ ...stage, transaction: savepoint }, step.steps);
        if (step.isRolledBack) throw new ChangeOfMind();
      });
    } catch (error) {
      if (!(error instanceof ChangeOfMind)) throw error;
    }
  }
}

function modelOf({ models }: Stage, name: ModelName): ModelStatic<Model> {
  return models[name];
}

const whole = ({ id, values }: Row): Record<string, unknown> => ({ id, ...values });

async function rowOf(stage: Stage, name: ModelName, id: string): Promise<Model> {
  const options = { transaction: stage.transaction, paranoid: false, skipLegacy: true } as const;
  return modelOf(stage, name).findByPk(id, { ...options, rejectOnEmpty: true });
}

const bulkKinds = ['bulkCreate', 'updateWhere', 'destroyWhere', 'increment'] as const;

async function carryOut(stage: Stage, write: Write): Promise<void> {
  switch (write.kind) {
    case 'link':
    case 'unlink':
      return changeLinks(stage, write);
    case 'family':
    case 'findOrCreate':
      return createOrganisation(stage, write);
    default:
      return (bulkKinds as readonly string[]).includes(write.kind)
        ? carryOutBulk(stage, write as Of<(typeof bulkKinds)[number]>)
        : carryOutOne(stage, write as Of<'create' | 'upsert' | 'update' | 'destroy' | 'restore'>);
  }
}

async function carryOutOne(
  stage: Stage,
  write: Of<'create' | 'upsert' | 'update' | 'destroy' | 'restore'>,
): Promise<void> {
  const options = { transaction: stage.transaction };
  const model = modelOf(stage, write.model);
  if (write.kind === 'create') await model.create(whole(write), options);
  else if (write.kind === 'upsert') await model.upsert(whole(write), options);
  else {
    const row = await rowOf(stage, write.model, write.id);
    if (write.kind === 'update') await row.update(write.values, options);
    else if (write.kind === 'destroy') await row.destroy(options);
    else await row.restore(options);
  }
}

async function carryOutBulk(stage: Stage, write: Of<(typeof bulkKinds)[number]>): Promise<void> {
  const options = { transaction: stage.transaction };
  if (write.kind === 'increment') return increment(stage, write);
  const model = modelOf(stage, write.model);
  if (write.kind === 'bulkCreate') {
    const updateOnDuplicate = write.overwrite && [...write.overwrite];
    await model.bulkCreate(write.rows.map(whole), {
      ...options,
      ...(updateOnDuplicate && { updateOnDuplicate }),
    });
    return;
  }
  const where = { id: [...write.ids] };
  if (write.kind === 'updateWhere') await model.update(write.values, { where, ...options });
  else await model.destroy({ where, ...options });
}

async function increment(stage: Stage, { ids, by }: Of<'increment'>): Promise<void> {
  const { models, transaction } = stage;
  const [id, ...others] = ids;
  if (others.length === 0) {
    const row = await rowOf(stage, 'Organisation', id);
    await row.increment('employees', { by, transaction });
    return;
  }
  await models.Organisation.increment('employees', { by, where: { id: [...ids] }, transaction });
}

async function createOrganisation(
  { models, transaction }: Stage,
  write: Of<'family' | 'findOrCreate'>,
): Promise<void> {
  const { Organisation } = models;
  if (write.kind === 'findOrCreate') {
    const { accountNumber } = write.values;
    await Organisation.findOrCreate({
      where: { accountNumber: String(accountNumber) },
      defaults: whole(write) as never,
      transaction,
    });
    return;
  }
  const contacts = write.contacts.map(whole);
  await Organisation.create({ ...whole(write), contacts } as never, {
    include: [{ association: 'contacts' }],
    transaction,
  });
}

/** The accessors that Sequelize makes of the association. */
type Accessors = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

async function changeLinks(stage: Stage, write: Of<'link' | 'unlink'>): Promise<void> {
  const row = await rowOf(stage, 'Organisation', write.id);
  const accessor = write.kind === 'link' ? 'addFurtherSectors' : 'removeFurtherSectors';
  const change = (row as unknown as Accessors)[accessor];
  await change?.call(row, write.sectors, { transaction: stage.transaction });
}
