import type { Transaction } from 'sequelize';
import { DualWriteError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import {
  clearWorld,
  disagreements,
  endQuarantine,
  legacyOrganisations,
  watchOrganisations,
} from './oracle';
import { until } from './until';

const faces: Face[] = ['dynamics2011', 'dataverse'];

// Sequelize warns of each connection that it gives up.
beforeAll(() => jest.spyOn(console, 'warn').mockReturnValue());

describe.each(faces)('transactions that cannot commit, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 400, recoverEveryMs: 0 });
    await watchOrganisations(world);
    await world.sequelize.query(
      `ALTER TABLE organisations ADD CONSTRAINT later UNIQUE (account_number)
       DEFERRABLE INITIALLY DEFERRED`,
    );
  });
  beforeEach(() => clearWorld(world));
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const names = async (): Promise<unknown[]> =>
    (await legacyOrganisations(world)).map(({ name }) => name).sort();

  const terminate = async (transaction: Transaction): Promise<void> => {
    const [[row]] = (await world.sequelize.query('SELECT pg_backend_pid() AS pid', {
      transaction,
    })) as unknown as [[{ pid: number }]];
    await world.sequelize.query(`SELECT pg_terminate_backend(${row.pid})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };

  const writeAll = async (transaction: Transaction): Promise<void> => {
    const { Organisation } = world.models;
    const kept = await Organisation.findOne({ where: { name: 'Kept' }, transaction });
    await kept?.update({ employees: 2 }, { transaction });
    await Organisation.create({ name: 'Made', accountNumber: '1' }, { transaction });
  };

  it('undoes everything when the connection is terminated before COMMIT', async () => {
    await world.models.Organisation.create({ name: 'Kept', employees: 1 });
    const outcome = world.sequelize.transaction(async (transaction) => {
      await writeAll(transaction);
      await terminate(transaction);
    });
    await expect(outcome).rejects.toThrow();
    expect(await disagreements(world)).toEqual([]);
    expect(await names()).toEqual(['Kept']);
  });

  it('undoes everything when a deferred constraint fails COMMIT', async () => {
    await world.models.Organisation.create({ name: 'Kept', accountNumber: '1' });
    await expect(world.sequelize.transaction(writeAll)).rejects.toThrow();
    expect(await disagreements(world)).toEqual([]);
    expect(await names()).toEqual(['Kept']);
  });

  it('sends no delete when a deferred constraint would fail COMMIT', async () => {
    const { Organisation } = world.models;
    await Organisation.create({ name: 'Kept', accountNumber: '1' });
    const doomed = await Organisation.create({ name: 'Doomed' });
    const outcome = world.sequelize.transaction(async (transaction) => {
      await doomed.destroy({ transaction });
      await writeAll(transaction);
    });
    await expect(outcome).rejects.toThrow();
    expect(await disagreements(world)).toEqual([]);
    expect(await names()).toEqual(['Doomed', 'Kept']);
  });

  it('tells of a COMMIT that PostgreSQL turned into a rollback', async () => {
    const outcome = world.sequelize.transaction(async (transaction) => {
      await writeAll(transaction);
      await world.sequelize.query('SELECT 1/0', { transaction }).catch(() => undefined);
      // NOTE: a query fails before the driver knows that its transaction has, too.
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const error: unknown = await outcome.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DualWriteError);
    expect(error).toMatchObject({ legacy: 'undone' });
    expect(await disagreements(world)).toEqual([]);
    expect(await names()).toEqual([]);
  });

  it('takes a create back that was given up and arrives late', async () => {
    const { Organisation } = world.models;
    const method = face === 'dataverse' ? 'PATCH' : 'POST';
    // A create under a key of our own can be repeated on Dataverse, and is.
    const times = face === 'dataverse' ? 4 : 1;
    await world.sandbox.delayNext({ method, times, delayMs: 3500, when: 'before' });
    const error: unknown = await Organisation.create({ name: 'Late' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DualWriteError);
    expect(error).toMatchObject({ legacy: 'unknown' });
    expect(await names()).toEqual([]);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1 });
    await until('all copies have arrived', async () =>
      (await world.journal()).filter((entry) => entry.method === method).every((e) => e.status),
    );
    expect(await names()).toEqual(['Late']);
    await world.dualWrite.recover();
    await endQuarantine(world);
    await world.dualWrite.recover();
    expect(await disagreements(world)).toEqual([]);
    expect(await names()).toEqual([]);
  });
});
