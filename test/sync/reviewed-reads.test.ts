import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { RejectedRecordError } from '../../src';
import { backfill } from '../../src/load';
import { loadAccounts, resetAll, rowsOf } from '../load/world';
import { Company, openCompanyWorld } from '../support/companies';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe('a load beside a create, where the service chooses keys', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({
      clientKeys: false,
      capabilities: { clientKeys: 'no' },
      recoverEveryMs: 0,
    });
  });
  beforeEach(() => resetAll(world));
  afterAll(() => world.close());

  it.each([0, 600])(
    'leaves the record to its writer, with %d others',
    async (others) => {
      const { Organisation } = world.models;
      await loadAccounts(world, others);
      await world.sandbox.delayNext({ method: 'POST', delayMs: 3000, when: 'after' });
      const creating = Organisation.create({ name: 'Ours' });
      await pause(300);
      expect(await world.sandbox.records('account')).toHaveLength(others + 1);
      const report = await backfill(world.dualWrite, { models: ['Organisation'], workers: 1 });
      expect(report.models[0]).toMatchObject({ records: others + 1, created: others });
      const row = await creating;
      const rows = await Organisation.skipLegacy().findAll({ where: { name: 'Ours' } });
      expect(rows.map(({ id, legacyId }) => [id, legacyId])).toEqual([[row.id, row.legacyId]]);
      const records = await world.sandbox.records('account');
      expect(records.filter(({ Name }) => Name === 'Ours')).toHaveLength(1);
    },
    30_000,
  );
});

describe('rows that a trigger keeps out of their table', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ recoverEveryMs: 0 });
    await world.sequelize.query(
      `CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql
         AS $$ BEGIN RETURN CASE WHEN NEW.name LIKE 'Fictional 3%' THEN NULL ELSE NEW END; END $$`,
    );
    await world.sequelize.query(
      `CREATE TRIGGER keep_out BEFORE INSERT ON organisations
         FOR EACH ROW EXECUTE FUNCTION keep_out()`,
    );
  });
  beforeEach(() => resetAll(world));
  afterAll(() => world.close());

  it('rejects the record in a read', async () => {
    await loadAccounts(world, 5);
    await expect(world.models.Organisation.findAll()).rejects.toThrow(RejectedRecordError);
  });

  it.each([20, 600])(
    'rejects the records in a load of %d',
    async (count) => {
      const keys = await loadAccounts(world, count);
      const kept = keys.filter((_, at) => String(at).startsWith('3'));
      const report = await backfill(world.dualWrite, { models: ['Organisation'], workers: 1 });
      expect(report.rejected.map(({ legacyId }) => legacyId).sort()).toEqual(kept.sort());
      const rows = await rowsOf(world, 'SELECT 1 FROM organisations');
      expect(rows).toHaveLength(count - kept.length);
    },
    30_000,
  );
});

describe('unique values of rows with local changes', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld('dynamics2011');
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterAll(() => world.close());

  it('stay as they are where the record is gone and another one has taken them', async () => {
    const [lost, taker] = [randomUUID(), randomUUID()];
    await world.sandbox.load('account', [{ AccountId: lost, Name: 'Lost', AccountNumber: '1' }]);
    const [row] = await Company.findAll();
    await row?.update({ title: 'Ours' }, { skipLegacy: true });
    await world.sandbox.deleteAsLegacyUser('account', lost);
    await world.sandbox.load('account', [{ AccountId: taker, Name: 'Taker', AccountNumber: '1' }]);
    await Company.findAll({ where: { title: 'Taker' } }).catch(() => undefined);
    const rows = await Company.skipLegacy().findAll({ where: { legacyId: lost } });
    expect(rows.map(({ title, number }) => [title, number])).toEqual([['Ours', '1']]);
  });
});
