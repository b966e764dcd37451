import { randomUUID } from 'node:crypto';
import { Transaction } from 'sequelize';
import { LockedRowError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

/** A transaction above READ COMMITTED keeps what it has refreshed to itself until its end. */
describe.each(faces)('readers beside a transaction that has refreshed, %s face', (face) => {
  let world: DualWorld;
  let holder: Transaction;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(async () => {
    await world.reset();
  });
  afterEach(async () => {
    await holder.rollback();
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const account = async (name: string): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name }]);
    return key;
  };
  const names = async (transaction?: Transaction): Promise<string[]> => {
    const rows = await world.models.Organisation.findAll({ transaction, order: ['name'] });
    return rows.map(({ name }) => name);
  };
  const begin = async (): Promise<void> => {
    const isolationLevel = Transaction.ISOLATION_LEVELS.REPEATABLE_READ;
    holder = await world.sequelize.transaction({ isolationLevel });
  };

  it('leave out a record that is gone, whose row it has removed', async () => {
    await account('Kept');
    const key = await account('Gone');
    expect(await names()).toEqual(['Gone', 'Kept']);
    await world.sandbox.deleteAsLegacyUser('account', key);
    await begin();
    expect(await names(holder)).toEqual(['Kept']);
    expect(await names()).toEqual(['Kept']);
    expect(await world.models.Organisation.count()).toBe(1);
  });

  it('leave out a record that is gone, whose row it has removed and that is asked for by key', async () => {
    const key = await account('Gone');
    const [row] = await world.models.Organisation.findAll();
    await world.sandbox.deleteAsLegacyUser('account', key);
    await begin();
    expect(await names(holder)).toEqual([]);
    expect(await world.models.Organisation.findByPk(row?.id)).toBeNull();
  });

  it('see a record that is new, whose row it has inserted', async () => {
    await account('New');
    await begin();
    expect(await names(holder)).toEqual(['New']);
    const read = names();
    // Its row can only be seen, or stored, when the other has ended.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await holder.commit();
    expect(await read).toEqual(['New']);
    await begin();
  });

  it('answer as soon as a record that it has changed is committed', async () => {
    const key = await account('Before');
    await names();
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'After' });
    await begin();
    expect(await names(holder)).toEqual(['After']);
    const read = names().catch((error: unknown) => error);
    await holder.commit();
    const answer = await read;
    if (!(answer instanceof Error)) expect(answer).toEqual(['After']);
    await begin();
    expect(await names()).toEqual(['After']);
  });

  it('say so when what it has stored stays uncommitted', async () => {
    const key = await account('Before');
    await names();
    await account('New');
    await begin();
    expect(await names(holder)).toEqual(['Before', 'New']);
    await expect(names()).rejects.toThrow(LockedRowError);
    await holder.rollback();
    expect(await names()).toEqual(['Before', 'New']);
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'After' });
    await begin();
    expect(await names(holder)).toEqual(['After', 'New']);
    await expect(names()).rejects.toThrow(LockedRowError);
  });
});
