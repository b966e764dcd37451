import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Organisation } from '../../models';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe.each(['probe', 'no'] as const)('a service that chooses keys, told as %s', (clientKeys) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({
      clientKeys: false,
      capabilities: { clientKeys },
      recoverEveryMs: 0,
    });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const names = async (): Promise<string[]> => {
    const rows = await world.models.Organisation.findAll({ order: ['name'] });
    return rows.map(({ name }) => name);
  };
  const here = (): Promise<Organisation[]> => world.models.Organisation.skipLegacy().findAll();
  const slowly = (): Promise<void> =>
    world.sandbox.delayNext({ method: 'POST', delayMs: 600, when: 'after' });

  it('keeps a record from readers whose create has not been answered yet', async () => {
    const { Organisation } = world.models;
    await slowly();
    const revenue = '1250.5000';
    const creating = Organisation.create({ name: 'Ours ', employees: 3, revenue });
    await pause(300);
    expect(await world.sandbox.records('account')).toHaveLength(1);
    expect(await names()).toEqual([]);
    const row = await creating;
    const [record, ...more] = await world.sandbox.records('account');
    expect([record?.AccountId, more]).toEqual([row.legacyId, []]);
    expect((await here()).map(({ id, legacyId }) => [id, legacyId])).toEqual([
      [row.id, row.legacyId],
    ]);
    expect((await Organisation.findAll()).map(({ id }) => id)).toEqual([row.id]);
  });

  it('keeps a record from readers whose create is not committed', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    const row = await Organisation.create({ name: 'Ours' }, { transaction });
    expect(await names()).toEqual([]);
    await transaction.commit();
    expect((await Organisation.findAll()).map(({ id }) => id)).toEqual([row.id]);
  });

  it('keeps a record from readers that a plug-in has changed, and that is not committed', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    const row = await Organisation.create({ name: 'Ours' }, { transaction });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { Name: 'Theirs' });
    expect(await names()).toEqual([]);
    await transaction.commit();
    expect(await names()).toEqual(['Theirs']);
  });

  it('leaves no row of a create that is rolled back', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    await Organisation.create({ name: 'Ours' }, { transaction });
    expect(await names()).toEqual([]);
    await transaction.rollback();
    expect([await names(), await here()]).toEqual([[], []]);
    expect(await world.sandbox.records('account')).toEqual([]);
  });

  it('shows other records meanwhile: older ones of the same contents, and others', async () => {
    const { Organisation } = world.models;
    const old = { CreatedOn: new Date('2020-01-01T00:00:00Z'), Name: 'Ours' };
    await world.sandbox.load('account', [{ AccountId: randomUUID(), ...old }]);
    await slowly();
    const creating = Organisation.create({ name: 'Ours' });
    await pause(300);
    await world.sandbox.createAsLegacyUser('account', { Name: 'Theirs' });
    expect(await names()).toEqual(['Ours', 'Theirs']);
    await creating;
    expect(await names()).toEqual(['Ours', 'Ours', 'Theirs']);
  });

  it('creates several at once beside a reader', async () => {
    const { Organisation } = world.models;
    await world.sandbox.delayNext({ method: 'POST', delayMs: 600, when: 'after', times: 3 });
    const values = ['A', 'B', 'C'].map((name) => ({ name }));
    const creating = Organisation.bulkCreate(values);
    await pause(300);
    expect(await names()).toEqual([]);
    const rows = await creating;
    expect(await names()).toEqual(['A', 'B', 'C']);
    expect((await here()).map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  it('notes the key that the service has chosen, for recovery', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    const { legacyId } = await Organisation.create({ name: 'Ours' }, { transaction });
    // Those of earlier writes are removed a moment after their COMMIT.
    const [keys] = await world.sequelize.query(
      `SELECT legacy_id FROM dual_write_intents i
        WHERE NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`,
    );
    await transaction.rollback();
    expect(keys).toEqual([{ legacy_id: legacyId }]);
  });
});

describe('a service that takes keys of clients', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ recoverEveryMs: 0 });
  });
  afterAll(() => world.close());

  it('shows a record of a CRM user that is like one that is being created', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    await Organisation.create({ name: 'Twin' }, { transaction });
    const theirs = await world.sandbox.createAsLegacyUser('account', { Name: 'Twin' });
    const rows = await Organisation.findAll();
    expect(rows.map(({ legacyId }) => legacyId)).toEqual([theirs.AccountId]);
    await transaction.commit();
    expect(await Organisation.count()).toBe(2);
  });
});
