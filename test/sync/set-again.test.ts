import type { Organisation } from '../../models';
import { SyncConflictError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('an attribute that is set again before it is saved, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({
      ...{ face, recoverEveryMs: 0 },
      remap: (all) =>
        all.map((one) => ({ ...one, definition: { ...one.definition, conflict: 'merge' } })),
    });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const created = (): Promise<Organisation> =>
    world.models.Organisation.create({ name: 'Fictional Foundry', employees: 1 });
  const inLegacy = async (): Promise<unknown> =>
    (await world.sandbox.records('account'))[0]?.NumberOfEmployees;
  const edit = (row: Organisation, employees: number): Promise<unknown> =>
    world.sandbox.editAsLegacyUser('account', String(row.legacyId), {
      NumberOfEmployees: employees,
    });

  it('goes back to what the record held', async () => {
    const row = await created();
    row.employees = 2;
    row.set({ employees: 3 });
    expect(row.previous('employees')).toBe(1);
    const transaction = await world.sequelize.transaction();
    await row.save({ transaction });
    expect(await inLegacy()).toBe(3);
    await transaction.rollback();
    expect(await inLegacy()).toBe(1);
  });

  it('goes back to what the record held after a save that failed', async () => {
    const row = await created();
    await world.sandbox.failNext({ status: 400 });
    await expect(row.update({ employees: 2 })).rejects.toThrow();
    const transaction = await world.sequelize.transaction();
    await row.update({ employees: 3 }, { transaction });
    await transaction.rollback();
    expect(await inLegacy()).toBe(1);
  });

  it('is no conflict while the record is as it was', async () => {
    const row = await created();
    row.employees = 2;
    row.employees = 3;
    await row.save();
    expect(await inLegacy()).toBe(3);
    expect((await world.models.Organisation.findOne())?.employees).toBe(3);
  });

  it('is a conflict where a user of the CRM has chosen the value that it was set to first', async () => {
    const row = await created();
    await edit(row, 2);
    row.employees = 2;
    row.employees = 3;
    await expect(row.save()).rejects.toThrow(SyncConflictError);
    expect(await inLegacy()).toBe(2);
  });

  it('is saved when it is set back', async () => {
    const row = await created();
    row.employees = 2;
    row.employees = 1;
    await row.update({ name: 'Renamed' });
    expect(await inLegacy()).toBe(1);
    expect((await world.models.Organisation.findOne())?.get()).toMatchObject({
      ...{ name: 'Renamed', employees: 1 },
    });
  });
});
