import { randomUUID } from 'node:crypto';
import { Transaction } from 'sequelize';
import type { Organisation } from '../../models/organisation';
import { NotInSyncError, skipLegacy } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

/** Fail rather than hang. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Not done within ${ms} ms.`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

describe.each(faces)('reads beside open transactions, %s face', (face) => {
  let world: DualWorld;
  let open: Transaction[];

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(async () => {
    open = [];
    await world.reset();
  });
  afterEach(async () => {
    for (const transaction of open) {
      const { finished } = transaction as Transaction & { finished?: string };
      if (finished === undefined) await transaction.rollback();
    }
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const begin = async (isolationLevel?: Transaction.ISOLATION_LEVELS): Promise<Transaction> => {
    const transaction = await world.sequelize.transaction({ isolationLevel });
    open.push(transaction);
    return transaction;
  };
  const account = async (name: string, more: object = {}): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name, ...more }]);
    return key;
  };
  const local = (transaction: Transaction): { transaction: Transaction; skipLegacy: true } => ({
    ...{ transaction, skipLegacy: true },
  });
  const namesOf = (rows: readonly { name: string }[]): string[] =>
    rows.map(({ name }) => name).sort();

  it('shows new records to others while a transaction that has read them is open', async () => {
    const { Organisation } = world.models;
    await account('Fictional Foundry');
    const transaction = await begin();
    expect(namesOf(await Organisation.findAll({ transaction }))).toEqual(['Fictional Foundry']);
    const others = await within(5000, Organisation.findAll());
    expect(namesOf(others)).toEqual(['Fictional Foundry']);
  });

  it('shows edits to others while a transaction that has read them is open', async () => {
    const { Organisation } = world.models;
    const key = await account('Before');
    await Organisation.findAll();
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'After' });
    const transaction = await begin();
    expect(namesOf(await Organisation.findAll({ transaction }))).toEqual(['After']);
    expect(namesOf(await within(5000, Organisation.findAll()))).toEqual(['After']);
  });

  it('shows edits of a record whose row is merely locked', async () => {
    const { Organisation } = world.models;
    const key = await account('Before');
    const [row] = await Organisation.findAll();
    const transaction = await begin();
    await Organisation.findByPk(row?.id, { transaction, lock: true });
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'After' });
    const outcome = await within(5000, Organisation.findAll()).catch((error: unknown) => error);
    // An error may be said; a stale answer may not.
    if (!(outcome instanceof Error)) expect(namesOf(outcome as never)).toEqual(['After']);
  });

  it('serves five open transactions that each read new records', async () => {
    const { Organisation } = world.models;
    await account('Fictional Foundry');
    for (let index = 0; index < 5; index += 1) {
      const transaction = await begin();
      const rows = await within(5000, Organisation.findAll({ transaction }));
      expect(namesOf(rows)).toEqual(['Fictional Foundry']);
    }
    for (const transaction of open) await transaction.commit();
    expect(await Organisation.count({ skipLegacy: true })).toBe(1);
  });

  it('reads in a transaction while another has created a record', async () => {
    const { Organisation } = world.models;
    await account('Fictional Foundry');
    await Organisation.findAll();
    const writing = await begin();
    await Organisation.create({ name: 'Uncommitted' }, { transaction: writing });
    const reading = await begin();
    const rows = await within(5000, Organisation.findAll({ transaction: reading }));
    expect(namesOf(rows)).toContain('Fictional Foundry');
    await writing.commit();
    await reading.commit();
    expect(await Organisation.count()).toBe(2);
  });

  it('reads in a transaction while another has changed the record', async () => {
    const { Organisation } = world.models;
    await account('Before');
    const [row] = await Organisation.findAll();
    const writing = await begin();
    await row?.update({ name: 'After' }, { transaction: writing });
    const reading = await begin();
    await within(5000, Organisation.findAll({ transaction: reading }));
    await writing.commit();
    await reading.commit();
    expect(namesOf(await Organisation.findAll())).toEqual(['After']);
  });

  it('reads outside while a transaction has created and changed records', async () => {
    const { Organisation } = world.models;
    await account('Before');
    const [row] = await Organisation.findAll();
    const writing = await begin();
    await row?.update({ name: 'After' }, { transaction: writing });
    await Organisation.create({ name: 'New' }, { transaction: writing });
    expect(namesOf(await within(5000, Organisation.findAll()))).toEqual(['Before']);
    await writing.commit();
    expect(namesOf(await Organisation.findAll())).toEqual(['After', 'New']);
  });

  it('removes a row that somebody else has locked, or says plainly that it cannot', async () => {
    const { Organisation } = world.models;
    const key = await account('Gone soon');
    const [row] = await Organisation.findAll();
    const transaction = await begin();
    await row?.update({ internalNote: 'locked' }, { transaction });
    await world.sandbox.deleteAsLegacyUser('account', key);
    const outcome = await within(5000, Organisation.findAll()).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome.name).not.toMatch(/^Sequelize/);
    else expect(outcome).toEqual([]);
  });

  it('removes, in a transaction, a row that somebody else has locked, without hanging', async () => {
    const { Organisation } = world.models;
    const key = await account('Gone soon');
    const [row] = await Organisation.findAll();
    const transaction = await begin();
    await row?.update({ internalNote: 'locked' }, { transaction });
    await world.sandbox.deleteAsLegacyUser('account', key);
    const reading = await begin();
    const outcome = await within(5000, Organisation.findAll({ transaction: reading })).catch(
      (error: unknown) => error,
    );
    if (outcome instanceof Error) expect(outcome.message).not.toMatch(/Not done within/);
    else expect(outcome).toEqual([]);
  });

  it('shows a transaction its own writes', async () => {
    const { Organisation } = world.models;
    await account('Kept');
    const [row] = await Organisation.findAll();
    const transaction = await begin();
    await Organisation.create({ name: 'Mine' }, { transaction });
    await row?.update({ employees: 7 }, { transaction });
    const rows = await Organisation.findAll({ transaction });
    expect(rows.map((one) => [one.name, one.employees]).sort()).toEqual([
      ['Kept', 7],
      ['Mine', null],
    ]);
    expect(await Organisation.count({ transaction, where: { employees: 7 } })).toBe(1);
    await transaction.commit();
  });

  it('brings rows up to date that the transaction itself has locked', async () => {
    const { Organisation } = world.models;
    const key = await account('Before');
    const goneKey = await account('Gone');
    await Organisation.findAll();
    const transaction = await begin();
    await Organisation.findAll({ transaction, lock: true });
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'After' });
    await world.sandbox.deleteAsLegacyUser('account', goneKey);
    expect(namesOf(await within(5000, Organisation.findAll({ transaction })))).toEqual(['After']);
    await transaction.commit();
    expect(namesOf(await Organisation.findAll({ freshness: 'local' }))).toEqual(['After']);
  });

  it('stores new records that refer to rows which the transaction itself has locked', async () => {
    const { Organisation } = world.models;
    const key = await account('Fictional Foundry');
    const transaction = await begin();
    const [row] = await Organisation.findAll({ transaction, lock: true });
    await row?.update({ internalNote: 'locked' }, { transaction });
    for (const LastName of ['Example', 'Specimen']) {
      await world.sandbox.load('contact', [
        { ContactId: randomUUID(), LastName, ParentCustomerId: key },
      ]);
    }
    expect(
      await within(8000, row?.getContacts({ transaction }) ?? Promise.resolve([])),
    ).toHaveLength(2);
    await transaction.commit();
    expect(await world.models.Contact.count({ skipLegacy: true })).toBe(2);
  });

  it('does not show a transaction what it has destroyed, nor bring it back', async () => {
    const { Organisation } = world.models;
    await account('Destroyed');
    await account('Kept');
    const row = await Organisation.findOne({ where: { name: 'Destroyed' } });
    const transaction = await begin();
    await row?.destroy({ transaction });
    expect(namesOf(await Organisation.findAll({ transaction }))).toEqual(['Kept']);
    expect(await Organisation.count({ transaction })).toBe(1);
    expect(await Organisation.findByPk(row?.id, { transaction })).toBeNull();
    await transaction.commit();
    expect(namesOf(await Organisation.skipLegacy().findAll())).toEqual(['Kept']);
    expect(await world.sandbox.records('account')).toHaveLength(1);
  });

  it.each<[string, (row: Organisation, transaction: Transaction) => Promise<unknown>]>([
    ['update', (row, transaction) => row.update({ employees: 6 }, local(transaction))],
    ['increment', (row, transaction) => row.increment('employees', local(transaction))],
    [
      'static update',
      (row, transaction) =>
        world.models.Organisation.update(
          { employees: 6 },
          { where: { id: row.id }, ...local(transaction) },
        ),
    ],
    [
      'upsert',
      (row, transaction) =>
        world.models.Organisation.upsert(
          { id: row.id, name: 'Kept', employees: 6 },
          local(transaction),
        ),
    ],
    [
      'update in a block, within a savepoint',
      (row, transaction) =>
        skipLegacy(async () => {
          const savepoint = await world.sequelize.transaction({ transaction });
          await row.update({ employees: 6 }, { transaction: savepoint });
          await savepoint.commit();
        }),
    ],
  ])('does not leave out what a skipped %s of it keeps away', async (_name, change) => {
    const { Organisation } = world.models;
    await account('Kept', { NumberOfEmployees: 5 });
    const [row] = await Organisation.findAll();
    const transaction = await begin();
    if (row) await change(row, transaction);
    const where = { employees: 5 };
    const reads: readonly (() => Promise<unknown>)[] = [
      () => Organisation.findAll({ where, transaction }),
      () => Organisation.count({ where, transaction }),
      () => Organisation.update({ telephone: '1' }, { where, transaction }),
    ];
    for (const read of reads) await expect(within(5000, read())).rejects.toThrow(NotInSyncError);
    await transaction.rollback();
    expect(await Organisation.count({ where })).toBe(1);
    expect(await world.sandbox.records('account')).toMatchObject([{ Telephone1: null }]);
  });

  it('shows what a skipped call has destroyed, as it does outside', async () => {
    const { Organisation } = world.models;
    await account('Kept');
    const [row] = await Organisation.findAll();
    const transaction = await begin();
    await row?.destroy({ transaction, skipLegacy: true });
    expect(namesOf(await Organisation.findAll({ transaction }))).toEqual(['Kept']);
    await transaction.commit();
    expect(namesOf(await Organisation.findAll())).toEqual(['Kept']);
  });

  it.each([
    Transaction.ISOLATION_LEVELS.REPEATABLE_READ,
    Transaction.ISOLATION_LEVELS.SERIALIZABLE,
  ])('never answers stale in a %s transaction', async (level) => {
    const { Organisation } = world.models;
    const key = await account('Before');
    const transaction = await begin(level);
    expect(namesOf(await Organisation.findAll({ transaction }))).toEqual(['Before']);
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'After' });
    const outcome = await within(5000, Organisation.findAll({ transaction })).catch(
      (error: unknown) => error,
    );
    if (!(outcome instanceof Error)) expect(namesOf(outcome as never)).toEqual(['After']);
  });

  it.each([
    Transaction.ISOLATION_LEVELS.REPEATABLE_READ,
    Transaction.ISOLATION_LEVELS.SERIALIZABLE,
  ])('never answers stale in a %s transaction that another reader has overtaken', async (level) => {
    const { Organisation } = world.models;
    const key = await account('Before');
    await Organisation.findAll();
    const transaction = await begin(level);
    await world.sequelize.query('SELECT count(*) FROM organisations', { transaction });
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'After' });
    await account('New');
    expect(namesOf(await Organisation.findAll())).toEqual(['After', 'New']);
    const outcome = await within(5000, Organisation.findAll({ transaction })).catch(
      (error: unknown) => error,
    );
    if (!(outcome instanceof Error)) expect(namesOf(outcome as never)).toEqual(['After', 'New']);
  });

  it('keeps reads and writes of one transaction that run at once apart', async () => {
    const { Organisation } = world.models;
    for (let index = 0; index < 5; index += 1) await account(`Old ${index}`);
    const transaction = await begin();
    const results = await within(
      15_000,
      Promise.allSettled([
        ...[1, 2, 3].map((index) => Organisation.create({ name: `New ${index}` }, { transaction })),
        ...[1, 2, 3].map(() => Organisation.findAll({ transaction })),
      ]),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    await transaction.commit();
    expect(await Organisation.count()).toBe(8);
    expect(await world.sandbox.records('account')).toHaveLength(8);
  });
});
