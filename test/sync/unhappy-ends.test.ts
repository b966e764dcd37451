import { type Transaction } from 'sequelize';
import { LegacyError } from '../../legacy-client';
import { DualWriteError, SyncError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

// Sequelize warns of each connection that it gives up.
beforeAll(() => jest.spyOn(console, 'warn').mockReturnValue());

describe.each(faces)('transactions that end badly after a legacy write, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
    await world.sequelize.query(
      `ALTER TABLE organisations ADD CONSTRAINT later UNIQUE (account_number) DEFERRABLE INITIALLY DEFERRED`,
    );
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const accounts = async (): Promise<unknown[]> => {
    const records = await world.sandbox.records('account');
    return records.map((record) => [record.Name, record.NumberOfEmployees]);
  };
  const rows = async (): Promise<unknown[]> => {
    const found = await world.models.Organisation.skipLegacy().findAll({ order: ['name'] });
    return found.map(({ name, employees }) => [name, employees]);
  };
  const kill = async (transaction: Transaction): Promise<void> => {
    const [[row]] = (await world.sequelize.query('SELECT pg_backend_pid() AS pid', {
      transaction,
    })) as unknown as [[{ pid: number }]];
    await world.sequelize.query(`SELECT pg_terminate_backend(${row.pid})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };

  it('undoes creates and updates when a deferred constraint fails COMMIT', async () => {
    const { Organisation } = world.models;
    const kept = await Organisation.create({ name: 'Kept', accountNumber: '1', employees: 1 });
    const outcome = world.sequelize.transaction(async (transaction) => {
      await kept.update({ employees: 2 }, { transaction });
      await Organisation.create({ name: 'Clash', accountNumber: '1' }, { transaction });
    });
    await expect(outcome).rejects.toThrow();
    expect(await accounts()).toEqual([['Kept', 1]]);
    expect(await rows()).toEqual([['Kept', 1]]);
    expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['Kept']);
  });

  it('deletes nothing when a deferred constraint fails COMMIT', async () => {
    const { Organisation } = world.models;
    await Organisation.create({ name: 'Kept', accountNumber: '1' });
    const other = await Organisation.create({ name: 'Other' });
    const outcome = world.sequelize.transaction(async (transaction) => {
      await other.destroy({ transaction });
      await Organisation.skipLegacy().create({ name: 'C', accountNumber: '1' }, { transaction });
    });
    await expect(outcome).rejects.toThrow();
    expect((await accounts()).length).toBe(2);
    expect((await rows()).length).toBe(2);
  });

  it('undoes what was written when the backend is terminated before COMMIT', async () => {
    const { Organisation } = world.models;
    const kept = await Organisation.create({ name: 'Kept', employees: 1 });
    const outcome = world.sequelize.transaction(async (transaction) => {
      await kept.update({ employees: 2 }, { transaction });
      await Organisation.create({ name: 'New' }, { transaction });
      await kill(transaction);
    });
    await expect(outcome).rejects.toThrow();
    expect(await rows()).toEqual([['Kept', 1]]);
    expect(await accounts()).toEqual([['Kept', 1]]);
    expect(await Organisation.count()).toBe(1);
  });

  it('undoes what was written when the backend is terminated before ROLLBACK', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    await Organisation.create({ name: 'New' }, { transaction });
    await kill(transaction);
    await transaction.rollback().catch(() => undefined);
    expect(await accounts()).toEqual([]);
    expect(await Organisation.count()).toBe(0);
  });

  it('undoes what was written when the backend is terminated during a legacy write', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    const method = face === 'dataverse' ? 'PATCH' : 'POST';
    await world.sandbox.delayNext({ method, delayMs: 400 });
    const creating = Organisation.create({ name: 'New' }, { transaction });
    creating.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await world.sequelize.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'`,
    );
    await expect(creating).rejects.toThrow();
    await transaction.rollback().catch(() => undefined);
    expect(await accounts()).toEqual([]);
    expect(await Organisation.count()).toBe(0);
  });

  it('undoes a single create whose backend is terminated during the legacy write', async () => {
    const { Organisation } = world.models;
    const method = face === 'dataverse' ? 'PATCH' : 'POST';
    await world.sandbox.delayNext({ method, delayMs: 400 });
    const creating = Organisation.create({ name: 'New' });
    creating.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await world.sequelize.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'`,
    );
    await expect(creating).rejects.toThrow();
    expect(await accounts()).toEqual([]);
    expect(await Organisation.count()).toBe(0);
  });

  it('sends nothing more for a transaction that can only be rolled back', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const transaction = await world.sequelize.transaction();
    await world.sandbox.loseResponse({ method: face === 'dataverse' ? 'PATCH' : 'MERGE' });
    await expect(row.update({ employees: 2 }, { transaction })).rejects.toThrow(LegacyError);
    await world.legacyCalls();
    const later = Organisation.create({ name: 'Later' }, { transaction });
    await expect(later).rejects.toThrow(/can only be rolled back/);
    await expect(Organisation.destroy({ where: {}, transaction })).rejects.toThrow(SyncError);
    expect(await world.legacyCalls()).toEqual([]);
    await transaction.rollback();
    expect(await accounts()).toEqual([['Kept', 1]]);
  });

  it('rolls back when the delete at COMMIT is refused', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const other = await Organisation.create({ name: 'Other', employees: 1 });
    await world.sandbox.failNext({ method: 'DELETE', status: 403 });
    const outcome = world.sequelize.transaction(async (transaction) => {
      await other.update({ employees: 2 }, { transaction });
      await row.destroy({ transaction });
    });
    await expect(outcome).rejects.toThrow();
    expect((await accounts()).sort()).toEqual([
      ['Kept', 1],
      ['Other', 1],
    ]);
    expect(await rows()).toEqual([
      ['Kept', 1],
      ['Other', 1],
    ]);
  });

  it('completes a delete whose answer was lost, once it is seen to be carried out', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Gone' });
    await world.sandbox.loseResponse({ method: 'DELETE', times: 1 });
    await row.destroy().catch(() => undefined);
    expect(await accounts()).toEqual([]);
    expect(await Organisation.findAll()).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  it('says so when an earlier write can no longer be undone', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const transaction = await world.sequelize.transaction();
    await row.update({ employees: 2 }, { transaction });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), {
      NumberOfEmployees: 3,
    });
    await expect(transaction.rollback()).rejects.toThrow(DualWriteError);
    expect(await accounts()).toEqual([['Kept', 3]]);
  });

  it('never answers from the row of a record in doubt as if it were in step', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const transaction = await world.sequelize.transaction();
    await row.update({ employees: 2 }, { transaction });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), {
      NumberOfEmployees: 3,
    });
    await expect(transaction.rollback()).rejects.toThrow(DualWriteError);
    const found = await Organisation.findByPk(row.id).catch((error: unknown) => error);
    if (!(found instanceof Error)) expect((found as typeof row | null)?.employees).toBe(3);
  });

  it('gives connections back after all this', async () => {
    const { Organisation } = world.models;
    const all = Array.from({ length: 12 }, (_, index) =>
      Organisation.create({ name: `At once ${index}` }),
    );
    await Promise.all(all);
    expect(await Organisation.count()).toBe(12);
  });
});
