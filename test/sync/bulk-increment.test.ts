import { randomUUID } from 'node:crypto';
import { Op } from 'sequelize';
import { LegacyConflictError, LegacyError } from '../../src';
import { expectAgreement } from '../support/agreement';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('increment and decrement through the %s face', (face) => {
  let world: DualWorld;
  const method = face === 'dataverse' ? 'PATCH' : 'MERGE';

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 3000 });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await expectAgreement(world, world.models.Organisation, 'account');
  });
  afterAll(() => world.close());

  const sizes = async (): Promise<unknown[]> => {
    const records = await world.sandbox.records('account');
    return records.map(({ NumberOfEmployees }) => NumberOfEmployees).sort();
  };
  const five = async (): Promise<void> => {
    const { Organisation } = world.models;
    const names = ['A', 'B', 'C', 'D', 'E'];
    await Organisation.bulkCreate(names.map((name, index) => ({ name, employees: index })));
    await world.legacyCalls();
  };

  it('increments an instance on what the CRM has by now, and gives it the value', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A', employees: 1, revenue: '1.50' });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), {
      NumberOfEmployees: 10,
    });
    expect(await row.increment('employees')).toBe(row);
    expect(row.employees).toBe(11);
    expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
    expect(row.changed()).toBe(false);
    await row.increment('employees', { by: 5 });
    await row.decrement({ employees: 2, revenue: -1 } as never);
    expect([row.employees, row.revenue]).toEqual([14, '2.50']);
    await row.decrement(['employees'], { by: 4 });
    expect(await sizes()).toEqual([10]);
    expect(await row.versions()).toHaveLength(6);
  });

  it('increments the rows that match, with the result of Sequelize', async () => {
    const { Organisation } = world.models;
    await five();
    const where = { employees: { [Op.gte]: 3 } };
    const [[rows, count]] = (await Organisation.increment('employees', {
      where,
      by: 10,
    })) as unknown as [[{ employees: number; name: string }[], number]];
    expect(count).toBe(2);
    expect(rows.map(({ employees }) => employees).sort()).toEqual([13, 14]);
    expect(await sizes()).toEqual([0, 1, 13, 14, 2]);
    await Organisation.decrement({ employees: 1 }, { where: { name: ['A', 'B'] } });
    expect(await sizes()).toEqual([-1, 0, 13, 14, 2]);
  });

  it('looks at the condition again with what the CRM has', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A', employees: 1 });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 0 });
    const where = { id: row.id, employees: { [Op.gt]: 0 } };
    await Organisation.decrement('employees', { where });
    expect(await sizes()).toEqual([0]);
  });

  it('costs what a save costs', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A', employees: 1 });
    await world.legacyCalls();
    await row.increment('employees');
    const calls = (await world.legacyCalls()).map((call) => call.split(' ')[0]);
    expect(calls).toEqual(face === 'dataverse' ? ['GET', 'PATCH'] : ['GET', 'MERGE', 'GET']);
  });

  it('loses none of twenty, made at the same time', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A', employees: 0 });
    const own = async (): Promise<void> => {
      await Organisation.increment('employees', { where: { id: row.id } });
    };
    const byInstance = async (): Promise<void> => {
      const found = await Organisation.findByPk(row.id, { skipLegacy: true });
      await found?.increment('employees');
    };
    const worker = async (): Promise<void> => {
      for (let round = 0; round < 5; round += 1) {
        await own();
        await byInstance();
      }
    };
    await Promise.all([worker(), worker()]);
    expect(await sizes()).toEqual([20]);
  });

  if (face === 'dataverse') {
    it('loses none beside those that CRM users make', async () => {
      const { Organisation } = world.models;
      const row = await Organisation.create({ name: 'A', employees: 0 });
      const entity = {
        entitySet: 'accounts',
        key: 'accountid',
        logicalName: 'account',
        modifiedOn: 'modifiedon',
        createdOn: 'createdon',
        properties: [{ name: 'numberofemployees', kind: 'integer' as const }],
      };
      const key = String(row.legacyId);
      const inCrm = async (): Promise<void> => {
        for (;;) {
          const record = await world.client.get(entity, key);
          const numberofemployees = Number(record.values.numberofemployees) + 1;
          const ifMatch = record.version ?? undefined;
          try {
            await world.client.update(entity, key, { numberofemployees }, { ifMatch });
            return;
          } catch (error) {
            if (!(error instanceof LegacyConflictError)) throw error;
          }
        }
      };
      const repeat = async (times: number, work: () => Promise<unknown>): Promise<void> => {
        for (let round = 0; round < times; round += 1) await work();
      };
      const own = (): Promise<unknown> =>
        Organisation.increment('employees', { where: { id: row.id } });
      await Promise.all([repeat(10, own), repeat(10, own), repeat(20, inCrm)]);
      expect(await sizes()).toEqual([40]);
      await Organisation.findAll();
    });

    it('makes an increment again when the record was changed in between', async () => {
      const { Organisation } = world.models;
      await five();
      const rows = await Organisation.findAll({ order: ['name'] });
      const key = String(rows[2]?.legacyId);
      // Between the look at the record and the write, whose condition then fails.
      await world.sandbox.delayNext({ method: 'PATCH', key, delayMs: 300, when: 'before' });
      const work = Organisation.increment('employees', { where: { name: ['B', 'C', 'D'] } });
      await new Promise((resolve) => setTimeout(resolve, 200));
      await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 100 });
      await work;
      const record = await world.sandbox.record('account', key);
      expect(record?.NumberOfEmployees).toBe(101);
      expect(await sizes()).toEqual([0, 101, 2, 4, 4]);
    });
  }

  it('sends nothing for columns that are not mapped, but asks whom a condition means', async () => {
    const { Organisation } = world.models;
    await five();
    const [first] = await Organisation.skipLegacy().findAll();
    await Organisation.update({ internalNote: 'x' }, { where: { id: first?.id } });
    expect(await world.legacyCalls()).toEqual([]);
    await Organisation.update({ internalNote: 'x' }, { where: { name: 'A' } });
    expect(await world.legacyCalls()).toEqual([expect.stringMatching(/^GET /)]);
  });

  it.each(['fail', 'lose'])('leaves no trace when one of five is refused (%s)', async (fault) => {
    const { Organisation } = world.models;
    await five();
    const rows = await Organisation.findAll({ order: ['id'] });
    const target = { method, key: String(rows[2]?.legacyId) };
    if (fault === 'fail') await world.sandbox.failNext({ ...target, status: 400 });
    else await world.sandbox.loseResponse(target);
    const work = Organisation.increment('employees', { where: {}, by: 10 });
    await expect(work).rejects.toThrow(LegacyError);
    expect(await sizes()).toEqual([0, 1, 2, 3, 4]);
    for (const row of rows) expect(await row.versions()).toHaveLength(1);
  });

  it('follows the transaction around it', async () => {
    const { Organisation } = world.models;
    await five();
    const rows = await Organisation.findAll({ order: ['id'] });
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.increment('employees', { where: { name: 'E' }, transaction });
      await world.sandbox.failNext({ method, status: 400, key: String(rows[2]?.legacyId) });
      const work = Organisation.increment('employees', { where: {}, by: 10, transaction });
      await expect(work).rejects.toThrow(LegacyError);
    });
    expect(await sizes()).toEqual([0, 1, 2, 3, 5]);
    const undone = world.sequelize.transaction(async (transaction) => {
      await Organisation.increment('employees', { where: {}, by: 10, transaction });
      throw new Error('Not today.');
    });
    await expect(undone).rejects.toThrow('Not today.');
    expect(await sizes()).toEqual([0, 1, 2, 3, 5]);
  });

  it('does nothing for rows that are not there', async () => {
    const { Organisation } = world.models;
    const result = await Organisation.increment('employees', { where: { id: randomUUID() } });
    expect(result).toEqual([[[], 0]]);
    expect(await world.legacyCalls()).toEqual([]);
  });
});
