import { LegacyError, NotInSyncError, revision } from '../../src';
import { countOwnStatements, expectAgreement } from '../support/agreement';
import { Company, openCompanyWorld } from '../support/companies';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

const records = (...titles: string[]): { title: string; size: number }[] =>
  titles.map((title, index) => ({ title, size: index }));

describe.each(faces)('Model.destroy through the %s face', (face) => {
  let world: DualWorld;

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
  const deletes = async (): Promise<number> => {
    const calls = await world.legacyCalls();
    return calls.filter((call) => /^(DELETE|BATCH) /.test(call)).length;
  };

  it('destroys what matches in the CRM, new records too', async () => {
    await Company.bulkCreate(records('A', 'B', 'C'));
    await world.sandbox.createAsLegacyUser('account', { Name: 'D', NumberOfEmployees: 1 });
    await deletes();
    expect(await Company.destroy({ where: { size: 1 } })).toBe(2);
    expect(await deletes()).toBe(face === 'dataverse' ? 1 : 2);
    expect(await titles()).toEqual(['A', 'C']);
    expect(await Company.deletedVersions()).toHaveLength(2);
  });

  it('takes limit and individual hooks as Sequelize does', async () => {
    await Company.bulkCreate(records('A', 'B', 'C'));
    expect(await Company.destroy({ where: {}, limit: 1 })).toBe(1);
    const seen: unknown[] = [];
    Company.addHook('beforeDestroy', 'test', (row) => {
      seen.push(row.get('title'));
    });
    try {
      expect(await Company.destroy({ where: {}, individualHooks: true })).toBe(2);
    } finally {
      Company.removeHook('beforeDestroy', 'test');
    }
    expect(seen).toHaveLength(2);
    expect(await titles()).toEqual([]);
    await expect(Company.destroy({})).rejects.toThrow('Missing where or truncate');
  });

  it('deletes at the end of the transaction, and not when that is rolled back', async () => {
    await Company.bulkCreate(records('A', 'B', 'C'));
    await world.sequelize.transaction(async (transaction) => {
      await Company.destroy({ where: { title: 'A' }, transaction });
      expect(await titles()).toEqual(['A', 'B', 'C']);
      expect(await Company.count({ transaction })).toBe(2);
    });
    expect(await titles()).toEqual(['B', 'C']);
    const undone = world.sequelize.transaction(async (transaction) => {
      await Company.destroy({ where: {}, transaction });
      throw new Error('Not today.');
    });
    await expect(undone).rejects.toThrow('Not today.');
    expect(await titles()).toEqual(['B', 'C']);
    expect(await Company.deletedVersions()).toHaveLength(1);
  });

  it('leaves both sides as they were when the first delete is refused', async () => {
    const rows = await Company.bulkCreate(records('A', 'B', 'C', 'D', 'E'));
    await world.sandbox.failNext({ method: 'DELETE', status: 403, times: 1 });
    await expect(Company.destroy({ where: {} })).rejects.toThrow(LegacyError);
    expect(await titles()).toEqual(['A', 'B', 'C', 'D', 'E']);
    for (const row of rows) expect(await row.versions()).toHaveLength(1);
  });

  it('completes the deletes that were carried out when a later one is refused', async () => {
    const rows = await Company.bulkCreate(records('A', 'B', 'C', 'D', 'E'));
    const key = String(rows[2]?.legacyId);
    await world.sandbox.failNext({ method: 'DELETE', status: 403, key });
    await expect(Company.destroy({ where: {} })).rejects.toThrow(LegacyError);
    expect(await titles()).toContain('C');
    // A changeset goes as a whole or not at all.
    if (face === 'dataverse') expect(await titles()).toHaveLength(5);
    const kept = await Company.findAll({ order: ['title'] });
    expect(kept.map(({ title }) => title)).toEqual(await titles());
  });

  it('keeps rows that the database does not let go', async () => {
    const [row] = await Company.bulkCreate(records('A', 'B'));
    await world.sequelize.query(`CREATE TABLE branches (company_id integer REFERENCES companies)`);
    try {
      await world.sequelize.query('INSERT INTO branches VALUES ($1)', { bind: [row?.id] });
      await deletes();
      await expect(Company.destroy({ where: {} })).rejects.toThrow('foreign key');
    } finally {
      await world.sequelize.query('DROP TABLE branches');
    }
    expect(await deletes()).toBe(0);
  });

  it('needs as many statements for 500 rows as for 10', async () => {
    const counts: number[] = [];
    for (const size of [10, 50, 500]) {
      const given = Array.from({ length: size }, () => ({ title: 'A', size }));
      await Company.bulkCreate(given);
      counts.push(await countOwnStatements(world, () => Company.destroy({ where: { size } })));
    }
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });
});

describe.each(faces)('restoring and destroying paranoid rows through the %s face', (face) => {
  let world: DualWorld;
  const method = face === 'dataverse' ? 'PATCH' : 'POST';

  beforeAll(async () => {
    world = await openCompanyWorld(face, { paranoid: true });
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const titles = async (): Promise<unknown[]> => {
    const accounts = await world.sandbox.records('account');
    return accounts.map(({ Name }) => Name).sort();
  };
  const alive = async (): Promise<unknown[]> => {
    const rows = await Company.findAll({ skipLegacy: true, order: ['title'] });
    return rows.map(({ title }) => title);
  };

  it('keeps the rows, and gives them successors when they are restored', async () => {
    const rows = await Company.bulkCreate(records('A', 'B', 'C'));
    expect(await Company.destroy({ where: { size: [0, 1] } })).toBe(2);
    expect([await titles(), await alive()]).toEqual([['C'], ['C']]);
    expect(await Company.count({ paranoid: false, skipLegacy: true })).toBe(3);
    await world.legacyCalls();
    await revision({ comment: 'again' }, () => Company.restore({ where: { title: ['A', 'C'] } }));
    expect((await world.legacyCalls()).map((call) => call.split(' ')[0])).toEqual([method]);
    expect([await titles(), await alive()]).toEqual([
      ['A', 'C'],
      ['A', 'C'],
    ]);
    const restored = await Company.findByPk(rows[0]?.id);
    expect(restored?.legacyId).not.toBe(rows[0]?.legacyId);
    const versions = (await restored?.versions()) ?? [];
    expect([versions.length, versions[0]?.revision.comment]).toEqual([3, 'again']);
    expect(await Company.destroy({ where: {}, force: true })).toBe(3);
    expect([await titles(), await alive()]).toEqual([[], []]);
    expect(await Company.count({ paranoid: false, skipLegacy: true })).toBe(0);
  });

  it('does not send changes of soft-deleted rows', async () => {
    await Company.bulkCreate(records('A'));
    await Company.destroy({ where: {} });
    await world.legacyCalls();
    expect(await Company.update({ size: 9 }, { where: {} })).toEqual([0]);
    expect(await Company.update({ size: 9 }, { where: {}, paranoid: false })).toEqual([1]);
    const calls = await world.legacyCalls();
    expect(calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
    await Company.restore();
    const [record] = await world.sandbox.records('account');
    expect(record).toMatchObject({ Name: 'A', NumberOfEmployees: 9 });
  });

  it('leaves no trace of a refused restore, nor of one that is rolled back', async () => {
    await Company.bulkCreate(records('A', 'B', 'C', 'D', 'E'));
    await Company.destroy({ where: {} });
    await world.sandbox.failNext({ method, status: 400 });
    await expect(Company.restore({ where: {} })).rejects.toThrow(LegacyError);
    expect([await titles(), await alive()]).toEqual([[], []]);
    const undone = world.sequelize.transaction(async (transaction) => {
      await Company.restore({ where: {}, transaction });
      expect(await titles()).toHaveLength(5);
      throw new Error('Not today.');
    });
    await expect(undone).rejects.toThrow('Not today.');
    expect([await titles(), await alive()]).toEqual([[], []]);
  });

  it('says that a skipped restore is not in step', async () => {
    const [row] = await Company.bulkCreate(records('A'));
    await Company.destroy({ where: {} });
    await Company.skipLegacy().restore({ where: {} });
    await expect(Company.findAll()).rejects.toThrow(NotInSyncError);
    await row?.reload({ skipLegacy: true, paranoid: false });
    await row?.destroy({ skipLegacy: true });
    await row?.restore({ skipLegacy: true });
    await expect(Company.findAll()).rejects.toThrow(NotInSyncError);
  });

  it.each<[string, (row: { number: string | null }) => Promise<unknown>]>([
    [
      'bulkCreate',
      ({ number }) =>
        Company.skipLegacy().bulkCreate([{ title: 'B', number }], {
          updateOnDuplicate: ['title'],
        }),
    ],
    ['upsert', ({ number }) => Company.skipLegacy().upsert({ title: 'B', number })],
    ['increment', () => Company.skipLegacy().increment('size', { where: {} })],
    ['update', () => Company.skipLegacy().update({ size: 2 }, { where: {} })],
  ])('says that a skipped %s is not in step, whatever the clocks say', async (_name, work) => {
    const row = await Company.create({ title: 'A', number: '1', size: 1 });
    // The clock of the CRM is ahead.
    await world.sequelize.query(
      `UPDATE companies SET modified_at = now() + interval '1 hour',
       legacy_modified_at = now() + interval '1 hour'`,
    );
    await world.legacyCalls();
    await work(row);
    expect(await world.legacyCalls()).toEqual([]);
    const stored = await Company.findByPk(row.id, { skipLegacy: true });
    expect(Number(stored?.modifiedAt)).toBeGreaterThan(Number(stored?.legacyModifiedAt));
    await expect(Company.findAll()).rejects.toThrow(NotInSyncError);
  });
});
