import type { Organisation } from '../../models';
import {
  defineMigrator,
  DualWriteError,
  SyncConflictError,
  SyncError,
  type Version,
} from '../../src';
import { openChangesetWorld, type ChangesetWorld } from '../support/changeset-world';

type Rule = 'last-write-wins' | 'merge' | 'reject';

const rules: Rule[] = ['last-write-wins', 'merge', 'reject'];

describe.each(rules)("writes: 'changeset' that meet changes of the CRM, %s", (conflict) => {
  let world: ChangesetWorld;

  beforeAll(async () => {
    world = await openChangesetWorld({
      remap: (migrators) =>
        migrators.map(({ model, definition }) =>
          defineMigrator(model, { ...definition, conflict } as never),
        ),
    });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const created = async (): Promise<Organisation> => {
    const values = { name: 'Kept', employees: 1, telephone: '01' };
    const row = await world.models.Organisation.create(values);
    await world.legacyCalls();
    return row;
  };
  const edit = (row: Organisation, values: object): Promise<unknown> =>
    world.sandbox.editAsLegacyUser('account', String(row.legacyId), values as never);
  const record = async (row: Organisation): Promise<unknown> =>
    world.sandbox.record('account', String(row.legacyId));
  /** Update a row beside a create, so that a changeset is sent. */
  const updateBeside = (row: Organisation, values: object): Promise<unknown> =>
    world.sequelize.transaction(async (transaction) => {
      await row.update(values, { transaction });
      await world.models.Organisation.create({ name: 'Beside' }, { transaction });
    });
  const history = async (row: Organisation): Promise<unknown[]> =>
    ((await row.versions()) as unknown as Version[]).map(({ values, revision }) => [
      revision.comment ?? 'own',
      values.employees,
    ]);

  it('treats a change of another field by the rule', async () => {
    const row = await created();
    await edit(row, { Telephone1: '02' });
    const work = updateBeside(row, { employees: 2 });
    if (conflict === 'reject') {
      await expect(work).rejects.toThrow(SyncConflictError);
      expect(await record(row)).toMatchObject({ NumberOfEmployees: 1, Telephone1: '02' });
      return;
    }
    await work;
    expect(await world.verbs()).toEqual(['BATCH', 'GET', 'BATCH']);
    expect(await record(row)).toMatchObject({ NumberOfEmployees: 2, Telephone1: '02' });
    expect(row.get()).toMatchObject({ employees: 2, telephone: '02' });
    expect(await world.names()).toEqual(['Beside', 'Kept']);
  });

  it('treats a change of the same field by the rule, and keeps what it overwrites', async () => {
    const row = await created();
    await edit(row, { NumberOfEmployees: 7 });
    const work = updateBeside(row, { employees: 2 });
    if (conflict !== 'last-write-wins') {
      const error = await work.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SyncConflictError);
      expect((error as SyncConflictError).fields).toEqual({
        employees: { base: 1, local: 2, legacy: 7 },
      });
      expect(await record(row)).toMatchObject({ NumberOfEmployees: 7 });
      expect(await world.notes()).toBe(0);
      return;
    }
    await work;
    expect(await record(row)).toMatchObject({ NumberOfEmployees: 2 });
    expect(await history(row)).toEqual([
      ['own', 2],
      ['legacy refresh', 7],
      ['own', 1],
    ]);
  });

  it('asks the rule of the call where the record is read for it', async () => {
    const row = await created();
    await row.reload({ attributes: ['id', 'employees'] });
    await edit(row, { NumberOfEmployees: 7 });
    const transaction = await world.sequelize.transaction();
    const call = row.update({ employees: 2 }, { transaction });
    if (conflict === 'last-write-wins') await call;
    else await expect(call).rejects.toThrow(SyncConflictError);
    await transaction.commit();
    const employees = conflict === 'last-write-wins' ? 2 : 7;
    expect(await record(row)).toMatchObject({ NumberOfEmployees: employees });
  });

  it('makes increments again on what the record holds', async () => {
    const { Organisation } = world.models;
    const row = await created();
    const transaction = await world.sequelize.transaction();
    await row.increment({ employees: 5 }, { transaction });
    await row.increment({ employees: 2 }, { transaction });
    await Organisation.create({ name: 'Beside' }, { transaction });
    await edit(row, { NumberOfEmployees: 100 });
    await transaction.commit();
    expect(await record(row)).toMatchObject({ NumberOfEmployees: 107 });
    const again = await Organisation.findByPk(row.id, { rejectOnEmpty: true });
    expect(again.employees).toBe(107);
  });

  it('says so when a record has been deleted', async () => {
    const row = await created();
    await world.sandbox.deleteAsLegacyUser('account', String(row.legacyId));
    const error = await updateBeside(row, { employees: 2 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SyncError);
    expect((error as Error).message).toContain('no longer has this record');
    expect(await world.sandbox.records('account')).toEqual([]);
  });

  it('does not mind that what it deletes is gone already', async () => {
    const { Organisation } = world.models;
    const [first, second] = await Organisation.bulkCreate([{ name: 'First' }, { name: 'Second' }]);
    await world.sandbox.deleteAsLegacyUser('account', String(first?.legacyId));
    await world.sequelize.transaction(async (transaction) => {
      await first?.destroy({ transaction });
      await second?.destroy({ transaction });
      await Organisation.create({ name: 'Made' }, { transaction });
    });
    expect(await world.names()).toEqual(['Made']);
  });

  if (conflict !== 'last-write-wins') return;

  it('undoes to what the record held when it was met again', async () => {
    const row = await created();
    await edit(row, { NumberOfEmployees: 7 });
    await world.sequelize.query(`
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'Not today.'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON record_versions FOR EACH ROW WHEN (NEW.values->>'name' = 'Beside')
  EXECUTE FUNCTION refuse()`);
    try {
      await expect(updateBeside(row, { employees: 2 })).rejects.toThrow('Not today.');
    } finally {
      await world.sequelize.query('DROP FUNCTION refuse CASCADE');
    }
    expect(await record(row)).toMatchObject({ NumberOfEmployees: 7 });
    expect(await world.sandbox.records('account')).toHaveLength(1);
    expect(await world.notes()).toBe(0);
  });

  it('gives up when the record changes each time', async () => {
    const row = await created();
    const key = String(row.legacyId);
    await world.sandbox.failNext({ method: 'PATCH', key, status: 412, times: 20 });
    await edit(row, { Telephone1: '02' });
    await expect(updateBeside(row, { employees: 2 })).rejects.toThrow(DualWriteError);
    expect(await record(row)).toMatchObject({ NumberOfEmployees: 1 });
  });
});
