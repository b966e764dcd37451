import { LegacyError, RejectedRecordError, revision } from '../../src';
import { countOwnStatements, expectAgreement } from '../support/agreement';
import { Company, openCompanyWorld } from '../support/companies';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('bulkCreate through the %s face', (face) => {
  let world: DualWorld;
  const method = face === 'dataverse' ? 'PATCH' : 'POST';

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

  const records = (...titles: string[]): { title: string }[] => titles.map((title) => ({ title }));
  const titles = async (): Promise<unknown[]> => {
    const accounts = await world.sandbox.records('account');
    return accounts.map(({ Name }) => Name).sort();
  };
  const verbs = async (): Promise<string[]> =>
    (await world.legacyCalls()).map((call) => call.split(' ')[0] ?? '');
  const writes = async (): Promise<string[]> => (await verbs()).filter((verb) => verb !== 'GET');
  const expectStored = async (rows: readonly Company[]): Promise<void> => {
    for (const row of rows) {
      const stored = await Company.findByPk(row.id, { skipLegacy: true });
      expect(row.get({ plain: true })).toEqual(stored?.get({ plain: true }));
    }
  };

  it('creates all on both sides, in one changeset where there are such', async () => {
    const rows = await Company.bulkCreate(records('A', 'B', 'C'));
    expect(await verbs()).toEqual(face === 'dataverse' ? ['BATCH'] : [method, method, method]);
    expect(await titles()).toEqual(['A', 'B', 'C']);
    expect(rows.map(({ title }) => title)).toEqual(['A', 'B', 'C']);
    await expectStored(rows);
  });

  it('takes fields, validate, hooks and individual hooks as Sequelize does', async () => {
    const values = [{ title: 'A', size: 5, note: 'only here' }];
    const [row] = await Company.bulkCreate(values, { fields: ['title', 'note'] });
    expect(row?.size).toBeNull();
    await expect(Company.bulkCreate(records('B', ''), { validate: true })).rejects.toThrow();
    const seen: string[] = [];
    Company.addHook('beforeCreate', 'test', (one) => {
      seen.push(String(one.get('title')));
      one.set('size', 3);
    });
    try {
      const created = await Company.bulkCreate(records('C', 'D'), { individualHooks: true });
      await expectStored(created);
    } finally {
      Company.removeHook('beforeCreate', 'test');
    }
    expect(seen).toEqual(['C', 'D']);
    await Company.bulkCreate(records('E'), { hooks: false, returning: false });
    const accounts = await world.sandbox.records('account');
    const sizes = accounts.map((record) => [record.Name, record.NumberOfEmployees]);
    expect(sizes.sort()).toEqual([
      ['A', null],
      ['C', 3],
      ['D', 3],
      ['E', null],
    ]);
  });

  it('does nothing for no records', async () => {
    expect(await Company.bulkCreate([])).toEqual([]);
    expect(await world.legacyCalls()).toEqual([]);
  });

  it('ignores duplicates, the ones of the CRM too, and says which were made', async () => {
    await Company.create({ title: 'Here', number: '2' });
    await world.sandbox.createAsLegacyUser('account', { Name: 'There', AccountNumber: '1' });
    await verbs();
    const given = ['1', '2', '3', '4'].map((number) => ({ title: `New ${number}`, number }));
    const rows = await Company.bulkCreate(given, { ignoreDuplicates: true });
    expect(await writes()).toEqual(face === 'dataverse' ? ['BATCH'] : [method, method]);
    expect(await titles()).toEqual(['Here', 'New 3', 'New 4', 'There']);
    expect(rows.map(({ title }) => title)).toEqual(['New 1', 'New 2', 'New 3', 'New 4']);
    expect(rows.map(({ id }) => typeof id)).toEqual(['object', 'object', 'number', 'number']);
    expect(rows.map(({ legacyId }) => legacyId === null)).toEqual([true, true, false, false]);
    await expectStored(rows.slice(2));
    for (const row of await Company.findAll()) expect(await row.versions()).toHaveLength(1);
  });

  it('ignores a row that has the primary key already, and notes no version of it', async () => {
    const here = await Company.create({ title: 'Here' });
    const given = [{ id: here.id, title: 'Again' }, { title: 'New' }];
    const [again, created] = await Company.bulkCreate(given, { ignoreDuplicates: true });
    expect([again?.title, again?.legacyId]).toEqual(['Again', null]);
    await expectStored(created ? [created] : []);
    expect(await titles()).toEqual(['Here', 'New']);
    expect(await here.versions()).toHaveLength(1);
  });

  it('does not take a row for a duplicate that is none any more in the CRM', async () => {
    const row = await Company.create({ title: 'Here', number: '2' });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { AccountNumber: '7' });
    const given = [{ title: 'New', number: '2' }];
    await Company.bulkCreate(given, { ignoreDuplicates: true });
    expect(await titles()).toEqual(['Here', 'New']);
  });

  it('updates duplicates, the ones of the CRM too, and creates the others', async () => {
    const here = await Company.create({ title: 'Here', number: '2', size: 1 });
    const there = await world.sandbox.createAsLegacyUser('account', {
      Name: 'There',
      AccountNumber: '1',
      NumberOfEmployees: 1,
    });
    await verbs();
    const given = ['1', '2', '3'].map((number) => ({ title: `New ${number}`, number, size: 9 }));
    const rows = await Company.bulkCreate(given, {
      updateOnDuplicate: ['title', 'modifiedAt'],
      conflictAttributes: ['number'],
    });
    expect(await writes()).toHaveLength(face === 'dataverse' ? 2 : 3);
    expect(await titles()).toEqual(['New 1', 'New 2', 'New 3']);
    expect(rows.map(({ size }) => size)).toEqual([1, 1, 9]);
    expect(rows.slice(0, 2).map(({ legacyId }) => legacyId)).toEqual([
      there.AccountId,
      here.legacyId,
    ]);
    await expectStored(rows);
    expect(await here.versions()).toHaveLength(2);
  });

  it.each([[false], [['title']]])('updates with returning: %j', async (returning) => {
    const options = { updateOnDuplicate: ['title' as const], returning: returning as never };
    const values = (title: string, number: string): object => ({ title, number });
    await Company.bulkCreate([values('A', '1')] as never, options);
    const transaction = await world.sequelize.transaction();
    await Company.create({ title: 'X', number: '2' }, { transaction });
    // The second row is inserted while the call waits for it.
    const rows = Company.bulkCreate([values('B', '1'), values('Y', '2')] as never, options);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await transaction.commit();
    await expectStored(await rows);
    expect(await titles()).toEqual(['B', 'Y']);
  });

  it('takes another unique key where it is told to', async () => {
    const here = await Company.create({ title: 'Here', size: 1 });
    const given = [{ id: here.id, title: 'Changed', number: '5' }];
    // As in Sequelize the first unique column decides.
    const work = Company.bulkCreate(given, { updateOnDuplicate: ['title'] });
    await expect(work).rejects.toThrow('Validation error');
    const rows = await Company.bulkCreate(given, {
      updateOnDuplicate: ['title'],
      conflictAttributes: ['id'],
    });
    expect(rows.map(({ id, title }) => [id, title])).toEqual([[here.id, 'Changed']]);
    expect(await titles()).toEqual(['Changed']);
  });

  it('leaves duplicates in step of which only unmapped columns change', async () => {
    await Company.create({ title: 'Here', number: '2' });
    await verbs();
    await Company.bulkCreate([{ title: 'Here', number: '2', note: 'x' }], {
      updateOnDuplicate: ['note'],
      conflictAttributes: ['number'],
    });
    expect(await writes()).toEqual([]);
    expect(await Company.count({ where: { note: 'x' } })).toBe(1);
  });

  it('writes one version a record, in the revision of the caller', async () => {
    await revision({ comment: 'in bulk' }, () => Company.bulkCreate(records('A', 'B')));
    for (const row of await Company.findAll()) {
      const versions = await row.versions();
      expect(versions.map(({ kind, revision: { comment } }) => [kind, comment])).toEqual([
        ['created', 'in bulk'],
      ]);
    }
  });

  describe('when it fails', () => {
    const five = (): { title: string }[] => records('A', 'B', 'C', 'D', 'E');
    const expectNothing = async (): Promise<void> => {
      expect(await titles()).toEqual([]);
      expect(await Company.count({ skipLegacy: true })).toBe(0);
      const [versions] = await world.sequelize.query('SELECT * FROM record_versions');
      expect(versions).toEqual([]);
    };
    /** Creates have no key in their URL on Dynamics 2011: the third to arrive is struck. */
    const strikeOne = async (fault: 'fail' | 'lose'): Promise<void> => {
      const target = { method, entitySet: 'account' };
      if (fault === 'fail') await world.sandbox.failNext({ ...target, status: 400 });
      else await world.sandbox.loseResponse(target);
    };

    it('leaves no trace of a refusal', async () => {
      await strikeOne('fail');
      await expect(Company.bulkCreate(five())).rejects.toThrow(LegacyError);
      await expectNothing();
    });

    it('leaves no trace of a lost reply', async () => {
      await strikeOne('lose');
      await expect(Company.bulkCreate(five())).rejects.toThrow(LegacyError);
      await expectNothing();
    });

    it('sends nothing when the database refuses', async () => {
      const twice = ['1', '1'].map((number) => ({ title: 'A', number }));
      await expect(Company.bulkCreate(twice)).rejects.toThrow('Validation error');
      expect(await world.legacyCalls()).toEqual([]);
      await expectNothing();
    });

    it('names each record that the database does not take back from the CRM', async () => {
      await world.sequelize.query(
        `ALTER TABLE companies ADD CONSTRAINT ban
         CHECK (title <> 'Bad' OR legacy_modified_at IS NULL)`,
      );
      try {
        const work = Company.bulkCreate(records('A', 'Bad', 'B', 'Bad'));
        const error = await work.catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(RejectedRecordError);
        expect((error as RejectedRecordError).records).toHaveLength(2);
      } finally {
        await world.sequelize.query('ALTER TABLE companies DROP CONSTRAINT ban');
      }
      await expectNothing();
    });

    it('is undone with the transaction around it', async () => {
      const work = world.sequelize.transaction(async (transaction) => {
        await Company.bulkCreate(five(), { transaction });
        expect(await titles()).toHaveLength(5);
        throw new Error('Not today.');
      });
      await expect(work).rejects.toThrow('Not today.');
      await expectNothing();
    });

    it('leaves the transaction around it usable', async () => {
      await world.sequelize.transaction(async (transaction) => {
        await strikeOne('fail');
        const work = Company.bulkCreate(five(), { transaction });
        await expect(work).rejects.toThrow(LegacyError);
        await Company.create({ title: 'Z' }, { transaction });
      });
      expect(await titles()).toEqual(['Z']);
    });
  });

  it('needs as many statements for 500 records as for 10', async () => {
    const counts: number[] = [];
    // The first call asks for facts of the tables, which are kept.
    await Company.bulkCreate(records('First'));
    for (const size of [10, 50, 500]) {
      const given = Array.from({ length: size }, (_, index) => ({ title: `N${index}` }));
      counts.push(await countOwnStatements(world, () => Company.bulkCreate(given)));
    }
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });
});
