import { LegacyError } from '../../src';
import { expectAgreement } from '../support/agreement';
import { Company, openCompanyWorld } from '../support/companies';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('upsert through the %s face', (face) => {
  let world: DualWorld;
  const create = face === 'dataverse' ? 'PATCH' : 'POST';
  const update = face === 'dataverse' ? 'PATCH' : 'MERGE';

  beforeAll(async () => {
    world = await openCompanyWorld(face);
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await expectAgreement(world, Company, 'account');
  });
  afterAll(() => world.close());

  const titles = async (): Promise<unknown[]> => {
    const accounts = await world.sandbox.records('account');
    return accounts.map(({ Name }) => Name).sort();
  };
  const writes = async (): Promise<(string | undefined)[]> => {
    const calls = await world.legacyCalls();
    return calls.map((call) => call.split(' ')[0]).filter((verb) => verb !== 'GET');
  };

  it('inserts', async () => {
    const [row, created] = await Company.upsert({ title: 'A', number: '1' });
    // PostgreSQL does not tell Sequelize which it was.
    expect(created).toBeNull();
    expect(await writes()).toEqual([create]);
    expect(await titles()).toEqual(['A']);
    const stored = await Company.findByPk(row.id, { skipLegacy: true });
    expect(row.get({ plain: true })).toEqual(stored?.get({ plain: true }));
    expect(row.isNewRecord).toBe(false);
  });

  it('updates a row that is here, and keeps its legacy key', async () => {
    const here = await Company.create({ title: 'A', number: '1', size: 4 });
    await writes();
    const [row] = await Company.upsert({ title: 'B', number: '1' });
    expect(await writes()).toEqual([update]);
    expect([row.id, row.legacyId, row.title, row.size]).toEqual([here.id, here.legacyId, 'B', 4]);
    expect(await titles()).toEqual(['B']);
    expect(await here.versions()).toHaveLength(2);
    await Company.upsert({ id: here.id, title: 'C' });
    expect(await titles()).toEqual(['C']);
  });

  it('updates a record that so far only the CRM has', async () => {
    const there = await world.sandbox.createAsLegacyUser('account', {
      Name: 'There',
      AccountNumber: '1',
      NumberOfEmployees: 4,
    });
    const [row] = await Company.upsert(
      { title: 'B', number: '1' },
      {
        conflictFields: ['the_number' as never],
      },
    );
    expect([row.legacyId, row.title, row.size]).toEqual([there.AccountId, 'B', 4]);
    expect(await titles()).toEqual(['B']);
  });

  it('updates the given fields only', async () => {
    await Company.create({ title: 'A', number: '1', size: 4 });
    const values = { title: 'B', number: '1', size: 5 };
    const [row] = await Company.upsert(values, {
      fields: ['size'],
      conflictFields: ['the_number' as never],
    });
    expect([row.title, row.size]).toEqual(['A', 5]);
    expect(await titles()).toEqual(['A']);
  });

  it('leaves a row in step of which only unmapped columns change', async () => {
    await Company.create({ title: 'A', number: '1' });
    await writes();
    await Company.upsert({ title: 'A', number: '1', note: 'x' });
    expect(await writes()).toEqual([]);
    expect(await Company.count({ where: { note: 'x' } })).toBe(1);
  });

  it.each(['A', 'B'])('leaves no trace of a refusal (%s)', async (title) => {
    await Company.create({ title: 'A', number: 'A' });
    await world.sandbox.failNext({ method: title === 'A' ? update : create, status: 400 });
    const values = { title: 'New', number: title };
    await expect(Company.upsert(values)).rejects.toThrow(LegacyError);
    expect(await titles()).toEqual(['A']);
    await world.sequelize.transaction(async (transaction) => {
      await world.sandbox.failNext({ method: title === 'A' ? update : create, status: 400 });
      await expect(Company.upsert(values, { transaction })).rejects.toThrow(LegacyError);
      await Company.create({ title: 'Z' }, { transaction });
    });
    expect(await titles()).toEqual(['A', 'Z']);
  });

  it('is undone with the transaction around it', async () => {
    await Company.create({ title: 'A', number: '1' });
    const work = world.sequelize.transaction(async (transaction) => {
      await Company.upsert({ title: 'B', number: '1' }, { transaction });
      await Company.upsert({ title: 'C', number: '2' }, { transaction });
      expect(await titles()).toEqual(['B', 'C']);
      throw new Error('Not today.');
    });
    await expect(work).rejects.toThrow('Not today.');
    expect(await titles()).toEqual(['A']);
  });

  it.each<[boolean | 'title'[]]>([[false], [['title']]])(
    'writes on both sides with returning: %j',
    async (returning) => {
      await Company.upsert({ title: 'A', number: '1' }, { returning });
      expect(await titles()).toEqual(['A']);
      const [row] = await Company.upsert({ title: 'B', number: '1' }, { returning });
      expect(await titles()).toEqual(['B']);
      expect(row.id).toBe((await Company.findOne({ skipLegacy: true }))?.id);
    },
  );

  it('sends nothing when validation refuses', async () => {
    await expect(Company.upsert({ title: '' })).rejects.toThrow('notEmpty');
    expect(await world.legacyCalls()).toEqual([]);
  });
});

describe('upsert of a paranoid model', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld('dataverse', { paranoid: true });
  });
  afterAll(() => world.close());

  it('does not soft-delete a row that is inserted meanwhile', async () => {
    const transaction = await world.sequelize.transaction();
    await Company.create({ title: 'First', number: '1' }, { transaction });
    const values = { title: 'Second', number: '1', deletedAt: new Date() };
    const refused = expect(Company.upsert(values)).rejects.toThrow('Try again');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await transaction.commit();
    await refused;
    expect(await Company.findAll()).toMatchObject([{ title: 'First' }]);
    await expectAgreement(world, Company, 'account');
  });
});
