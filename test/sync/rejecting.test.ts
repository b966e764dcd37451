import { randomUUID } from 'node:crypto';
import { RejectedRecordError, type Migrator } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

const skipping = (migrators: readonly Migrator[]): readonly Migrator[] =>
  migrators.map((migrator) => ({
    ...migrator,
    definition: { ...migrator.definition, onRejected: 'skip' },
  }));

describe.each(faces)('records that PostgreSQL cannot take, %s face', (face) => {
  let world: DualWorld;
  let skip: DualWorld;

  const narrow = async (opened: DualWorld): Promise<void> => {
    await opened.sequelize.query('ALTER TABLE organisations ALTER name TYPE varchar(20)');
    await opened.sequelize.query('CREATE UNIQUE INDEX only_one ON organisations (account_number)');
  };
  beforeAll(async () => {
    world = await openDualWorld({ face });
    await narrow(world);
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const account = async (values: object, to: DualWorld = world): Promise<string> => {
    const key = randomUUID();
    await to.sandbox.load('account', [{ AccountId: key, Name: 'Fictional', ...values }]);
    return key;
  };
  const long = 'A name that is too long for twenty characters';

  it('names the record, and goes on when it is corrected', async () => {
    const { Organisation } = world.models;
    for (let index = 0; index < 5; index += 1) await account({ Name: `Good ${index}` });
    const bad = await account({ Name: long });
    const error = await Organisation.findAll().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RejectedRecordError);
    expect((error as RejectedRecordError).records.map(({ legacyId }) => legacyId)).toEqual([bad]);
    expect((error as Error).message).toMatch(/too long/);
    expect(await Organisation.count({ skipLegacy: true })).toBe(5);
    expect(await Organisation.findAll({ where: { name: 'Good 1' } })).toHaveLength(1);
    const before = (await world.dualWrite.status()).models.find(
      ({ model }) => model === 'Organisation',
    );
    expect(before?.rejected).toBe(1);
    await world.sandbox.editAsLegacyUser('account', bad, { Name: 'Shorter' });
    expect(await Organisation.findAll()).toHaveLength(6);
    const after = (await world.dualWrite.status()).models.find(
      ({ model }) => model === 'Organisation',
    );
    expect(after?.rejected).toBe(0);
  });

  it('names a record that was here before it became too long', async () => {
    const { Organisation } = world.models;
    const key = await account({ Name: 'Good' });
    await Organisation.findAll();
    await world.sandbox.editAsLegacyUser('account', key, { Name: long });
    await expect(Organisation.findAll()).rejects.toThrow(RejectedRecordError);
    await expect(Organisation.count()).rejects.toThrow(RejectedRecordError);
    await world.sandbox.deleteAsLegacyUser('account', key);
    expect(await Organisation.findAll()).toEqual([]);
  });

  it('lets two records swap a unique value', async () => {
    const { Organisation } = world.models;
    const one = await account({ Name: 'One', AccountNumber: '1' });
    const two = await account({ Name: 'Two', AccountNumber: '2' });
    await Organisation.findAll();
    await world.sandbox.editAsLegacyUser('account', one, { AccountNumber: '2' });
    await world.sandbox.editAsLegacyUser('account', two, { AccountNumber: '1' });
    const rows = await Organisation.findAll({ order: ['name'] });
    expect(rows.map(({ accountNumber }) => accountNumber)).toEqual(['2', '1']);
  });

  it('lets a new record take over the unique value of a deleted one', async () => {
    const { Organisation } = world.models;
    const one = await account({ Name: 'One', AccountNumber: '1' });
    await Organisation.findAll();
    await world.sandbox.deleteAsLegacyUser('account', one);
    await account({ Name: 'Two', AccountNumber: '1' });
    const rows = await Organisation.findAll();
    expect(rows.map(({ name }) => name)).toEqual(['Two']);
  });

  it('names a unique clash', async () => {
    const { Organisation } = world.models;
    await account({ Name: 'One', AccountNumber: '1' });
    await account({ Name: 'Two', AccountNumber: '1' });
    await expect(Organisation.findAll()).rejects.toThrow(RejectedRecordError);
  });

  it('names the parent at fault, not its child', async () => {
    const { Contact } = world.models;
    const parent = await account({ Name: long });
    await world.sandbox.load('contact', [
      { ContactId: randomUUID(), LastName: 'Example', ParentCustomerId: parent },
    ]);
    const error = await Contact.findAll().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RejectedRecordError);
    expect((error as Error).message).toMatch(/too long|cannot be kept/);
    expect((error as Error).message).not.toMatch(/does not show/);
    await world.sandbox.editAsLegacyUser('account', parent, { Name: 'Shorter' });
    const [contact] = await Contact.findAll({ include: ['organisation'] });
    expect(contact?.organisation?.name).toBe('Shorter');
  });

  it('refuses a write whose answer cannot be kept, on both sides', async () => {
    const { Organisation } = world.models;
    const plain = await Organisation.create({ name: 'Good' });
    await world.sandbox.editAsLegacyUser('account', String(plain.legacyId), {
      AccountNumber: '123456789012345678',
    });
    await world.sequelize.query(
      'ALTER TABLE organisations ADD CONSTRAINT short CHECK (length(account_number) < 5)',
    );
    try {
      await expect(plain.update({ employees: 5 })).rejects.toThrow(RejectedRecordError);
      const [record] = await world.sandbox.records('account');
      expect(record?.NumberOfEmployees).toBeNull();
      expect((await Organisation.skipLegacy().findByPk(plain.id))?.employees).toBeNull();
    } finally {
      await world.sequelize.query('ALTER TABLE organisations DROP CONSTRAINT short');
    }
  });

  it('gives no stale row where rejected records are skipped', async () => {
    skip = await openDualWorld({ face, remap: skipping });
    try {
      await narrow(skip);
      const { Organisation } = skip.models;
      const key = await account({ Name: 'Good' }, skip);
      await account({ Name: 'Other' }, skip);
      await account({ Name: long }, skip);
      expect(await Organisation.count()).toBe(2);
      await skip.sandbox.editAsLegacyUser('account', key, { Name: long, NumberOfEmployees: 5 });
      const rows = await Organisation.findAll();
      expect(rows.map(({ name }) => name)).toEqual(['Other']);
    } finally {
      await skip.close();
      // The models belong to the world that was opened last.
      world = await reopened();
    }
  });

  const reopened = async (): Promise<DualWorld> => {
    await world.close();
    const again = await openDualWorld({ face });
    await narrow(again);
    return again;
  };
});
