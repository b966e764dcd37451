import { fn, Op, type FindOptions, type WhereOptions } from 'sequelize';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { finds } from './calls/finds';
import { method } from './calls/reading-calls';
import { setStage, type Stage } from './calls/stage';

const faces: Face[] = ['dynamics2011', 'dataverse'];
describe.each(faces)('reading calls answer as on a converged copy, %s face', (face) => {
  let world: DualWorld;
  let stage: Stage;

  beforeAll(async () => {
    world = await openDualWorld({ face, recoverEveryMs: 0 });
  });
  beforeEach(async () => {
    stage = await setStage(world);
  });
  afterAll(() => world.close());

  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;

  /** Changes of the CRM's own users. */
  const change = async (): Promise<void> => {
    const { sandbox } = world;
    const { foundry, forge, ben } = stage;
    await sandbox.editAsLegacyUser('account', forge.legacyId ?? '', { NumberOfEmployees: null });
    await sandbox.deleteAsLegacyUser('contact', ben.legacyId ?? '');
    const parent = { ParentCustomerId: forge.legacyId };
    await sandbox.createAsLegacyUser('contact', { LastName: 'Example', ...parent });
    await sandbox.createAsLegacyUser('account', {
      ...{ Name: 'Fictional Mill', NumberOfEmployees: 5 },
      ParentAccountId: foundry.legacyId,
    });
  };

  /** The same read, synced after changes, and then on the copy that everything was fetched for. */
  const bothWays = async (read: (skipLegacy: boolean) => Promise<unknown>): Promise<void> => {
    await change();
    const synced = plain(await read(false));
    for (const model of Object.values(stage.models))
      await (model as typeof stage.models.Sector).findAll();
    expect(synced).toEqual(plain(await read(true)));
  };

  it.each(finds)('findAll: %s', async (_title, options) => {
    const { Organisation } = stage.models;
    await bothWays((skipLegacy) => Organisation.findAll({ ...options(stage), skipLegacy }));
  });

  it('random order: the same rows', async () => {
    const { Organisation } = stage.models;
    await bothWays(async (skipLegacy) => {
      const rows = await Organisation.findAll({ order: [fn('random')], skipLegacy });
      return rows.map(({ name }) => name).sort();
    });
  });

  it('locks, and skips what others have locked', async () => {
    const { Organisation } = stage.models;
    const { forge } = stage;
    await world.sandbox.editAsLegacyUser('account', forge.legacyId ?? '', {
      NumberOfEmployees: 21,
    });
    await world.sequelize.transaction(async (transaction) => {
      const where = { name: 'Fictional Foundry' };
      const [locked] = await Organisation.findAll({
        where,
        lock: transaction.LOCK.UPDATE,
        transaction,
      });
      expect(locked?.name).toBe('Fictional Foundry');
      await world.sequelize.transaction(async (other) => {
        const free = await Organisation.findAll({
          ...{ lock: other.LOCK.UPDATE, skipLocked: true, transaction: other, order: ['name'] },
        });
        expect(free.map(({ name, employees }) => [name, employees])).toEqual([
          ['Fictional Forge', 21],
        ]);
      });
    });
  });

  it('takes scopes with parameters', async () => {
    const { Organisation } = stage.models;
    const larger = (least: number): FindOptions => ({ where: { employees: { [Op.gte]: least } } });
    Organisation.addScope('larger', larger, { override: true });
    await bothWays((skipLegacy) => {
      const scoped = Organisation.scope({ method: ['larger', 6] });
      return scoped.findAll({ order: ['name'], skipLegacy });
    });
  });

  const methods: readonly [string, (stage: Stage) => [object, string, ...unknown[]]][] = [
    ['getSector (belongs to)', ({ foundry }) => [foundry, 'getSector']],
    ['getParent (belongs to itself)', ({ forge }) => [forge, 'getParent']],
    ['getContacts (has many)', ({ foundry }) => [foundry, 'getContacts']],
    [
      'getBranches with a condition',
      ({ foundry }) => [foundry, 'getBranches', { where: { employees: 5 } }],
    ],
    ['countContacts', ({ forge }) => [forge, 'countContacts']],
    ['hasContact', ({ foundry, ada }) => [foundry, 'hasContact', ada]],
    [
      'hasContacts of one that is gone',
      ({ foundry, ada, ben }) => [foundry, 'hasContacts', [ada, ben]],
    ],
    ['getOrders (many to many)', ({ ada }) => [ada, 'getOrders', { joinTableAttributes: ['id'] }]],
    ['countOrders', ({ ada }) => [ada, 'countOrders']],
    ['hasOrder', ({ ada, order }) => [ada, 'hasOrder', order]],
    ['hasOrder of another', ({ ada, spare }) => [ada, 'hasOrder', spare]],
    ['getContacts of an order', ({ order }) => [order, 'getContacts']],
  ];
  it.each(methods)('%s', async (_title, callOf) => {
    const [instance, name, ...values] = callOf(stage);
    await bothWays((skipLegacy) => {
      const last = values.at(-1);
      const takesOptions =
        typeof last === 'object' && !Array.isArray(last) && !('save' in (last ?? {}));
      const given = takesOptions ? values.slice(0, -1) : values;
      const options = { ...(takesOptions ? last : {}), skipLegacy };
      return method(instance, name, ...given, options);
    });
  });

  it('aggregates', async () => {
    const { Organisation } = stage.models;
    await bothWays(async (skipLegacy) => [
      await Organisation.count({ skipLegacy }),
      await Organisation.count({ where: { employees: { [Op.ne]: null } }, skipLegacy }),
      await Organisation.count({ distinct: true, col: 'employees', skipLegacy }),
      await Organisation.count({ include: ['contacts'], distinct: true, skipLegacy }),
      await Organisation.sum('employees', { skipLegacy }),
      await Organisation.min('employees', { skipLegacy }),
      await Organisation.max('employees', { where: { name: { [Op.like]: '%Mill' } }, skipLegacy }),
      await Organisation.aggregate('employees', 'avg', { dataType: 'float', skipLegacy }),
      await Organisation.findAndCountAll({ limit: 1, order: ['createdAt'], skipLegacy }),
    ]);
  });

  it('finds, or builds, or creates', async () => {
    const { Organisation } = stage.models;
    await change();
    const [built, isNew] = await Organisation.findOrBuild({ where: { name: 'Fictional Mill' } });
    expect([built.employees, isNew]).toEqual([5, false]);
    const [made, wasMade] = await Organisation.findCreateFind({
      where: { name: 'Fictional Mine' },
    });
    expect([made.name, wasMade]).toEqual(['Fictional Mine', true]);
    const [found, wasCreated] = await Organisation.findOrCreate({
      where: { name: 'Fictional Mine' },
    });
    expect([found.id, wasCreated]).toEqual([made.id, false]);
    expect(await world.sandbox.records('account')).toHaveLength(4);
  });

  it('keeps the errors of Sequelize and PostgreSQL', async () => {
    const { Organisation } = stage.models;
    const where = (condition: object): Promise<unknown> =>
      Organisation.findAll({ where: condition as WhereOptions });
    await expect(where({ employees: undefined })).rejects.toThrow(/undefined/);
    await expect(where({ employees: 'many' })).rejects.toThrow(/integer/);
    await expect(where({ employees: Number.NaN })).rejects.toThrow(/nan/i);
    await expect(where({ id: 'none' })).rejects.toThrow(/uuid/);
    await expect(where({ name: 5 })).rejects.toThrow(/operator does not exist/);
    await expect(Organisation.findAll({ order: ['nothing'] })).rejects.toThrow(/nothing/);
    expect(await where({ employees: 10.5 })).toEqual([]);
    expect(await where({ employees: { [Op.gt]: 19.5 } })).toHaveLength(1);
    expect(await where({ name: 'x\0' })).toEqual([]);
  });
});
