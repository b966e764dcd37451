import { QueryTypes } from 'sequelize';
import { until } from '../crash/until';
import { openIntents } from '../support/agreement';
import { recordStatements } from '../support/database';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe('intents of writes that have committed', () => {
  const warnings: string[] = [];
  let world: DualWorld;

  beforeAll(async () => {
    const log = (): void => undefined;
    const warn = (_: object, message: string): unknown => warnings.push(message);
    const logger = { info: log, error: log, warn };
    world = await openDualWorld({ face: 'dataverse', recoverEveryMs: 0, logger });
  });
  afterAll(() => world.close());

  const noted = async (): Promise<object[]> =>
    world.sequelize.query(
      'SELECT i.id, d.intent_id FROM dual_write_intents i FULL JOIN dual_write_done d ON d.intent_id = i.id',
      { type: QueryTypes.SELECT },
    );
  const isTidy = async (): Promise<boolean> => (await noted()).length === 0;

  it('are removed together a moment later, and are not open until then', async () => {
    const { Organisation } = world.models;
    const statements = await recordStatements(world.sequelize, async () => {
      const rows = [];
      for (const name of ['A', 'B', 'C']) rows.push(await Organisation.create({ name }));
      for (const row of rows) await row.update({ employees: 7 });
      expect(await openIntents(world)).toEqual([]);
      await until('they are removed', isTidy);
    });
    const removals = statements.filter((sql) => sql.includes('DELETE FROM dual_write_intents'));
    expect(removals.length).toBeLessThan(6);
  });

  it('keep nobody from writing the record again, or from reading it', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Again' });
    await row.update({ employees: 1 });
    await row.update({ employees: 2 });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 3 });
    const read = await Organisation.findByPk(row.id);
    expect(read?.employees).toBe(3);
    await row.destroy();
    expect(await Organisation.findByPk(row.id)).toBeNull();
  });

  it('are removed by a recovery, which does not count them', async () => {
    await world.models.Organisation.create({ name: 'Counted' });
    expect(await world.dualWrite.recover()).toMatchObject({ committed: 0 });
    expect(await isTidy()).toBe(true);
  });

  it('are removed with what a write had reserved and did not need', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Twice' });
    await world.sandbox.failNext({ method: 'PATCH', status: 412 });
    await row.update({ employees: 5 });
    await world.sandbox.failNext({ method: 'PATCH', status: 400 });
    await world.sequelize.transaction(async (transaction) => {
      await expect(row.update({ employees: 6 }, { transaction })).rejects.toThrow();
      await row.update({ name: 'Trice' }, { transaction });
    });
    await until('they are removed', isTidy);
    await world.sequelize.query('INSERT INTO dual_write_done VALUES (4711)');
    await world.dualWrite.recover();
    expect(await noted()).toEqual([]);
  });

  it('are left to recovery when they cannot be removed', async () => {
    const { sequelize } = world;
    await sequelize.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`,
    );
    await sequelize.query(
      'CREATE TRIGGER refused BEFORE DELETE ON dual_write_intents EXECUTE FUNCTION refuse()',
    );
    await world.models.Organisation.create({ name: 'Left' });
    await until('the removal has failed', () => warnings.length > 0);
    await sequelize.query('DROP TRIGGER refused ON dual_write_intents');
    expect(warnings).toEqual(['Ended intents could not be removed yet']);
    expect(await world.dualWrite.recover()).toMatchObject({ committed: 1 });
    expect(await isTidy()).toBe(true);
  });
});
