import { randomUUID } from 'node:crypto';
import { RejectedRecordError } from '../../src';
import { Company, openCompanyWorld } from '../support/companies';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('unique values that move in the CRM, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld(face);
    await world.sequelize.query('CREATE UNIQUE INDEX one_title ON companies (lower(title))');
    await world.sequelize.query(
      'CREATE UNIQUE INDEX one_size ON companies (size) WHERE size > 1000',
    );
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const account = async (title: string, number: string | null, size?: number): Promise<string> => {
    const key = randomUUID();
    const values = { AccountId: key, Name: title, AccountNumber: number };
    await world.sandbox.load('account', [{ ...values, NumberOfEmployees: size ?? null }]);
    return key;
  };
  const edit = (key: string, values: object): Promise<unknown> =>
    world.sandbox.editAsLegacyUser('account', key, values as never);
  const here = async (): Promise<unknown[]> => {
    const rows = await Company.skipLegacy().findAll({ order: ['id'] });
    return rows.map(({ id, title, number }) => [id, title, number]);
  };

  it('swaps a value that may be null and one that may not, and leaves the rows theirs', async () => {
    const one = await account('One', '1');
    const two = await account('Two', '2');
    const rows = await Company.findAll({ order: ['title'] });
    await rows[0]?.update({ note: 'first' });
    await edit(one, { Name: 'TWO', AccountNumber: '2' });
    await edit(two, { Name: 'one', AccountNumber: '1' });
    const after = await Company.findAll({ order: ['number'] });
    expect(after.map(({ legacyId, title, note }) => [legacyId, title, note])).toEqual([
      [two, 'one', null],
      [one, 'TWO', 'first'],
    ]);
    expect(
      after.every(
        ({ legacyModifiedAt, modifiedAt }) =>
          legacyModifiedAt === modifiedAt || Number(legacyModifiedAt) === Number(modifiedAt),
      ),
    ).toBe(true);
  });

  it('asks for the others of a circle that a read has only a part of', async () => {
    const keys = [await account('A', '1'), await account('B', '2'), await account('C', '3')];
    await Company.findAll();
    for (const [index, key] of keys.entries()) {
      await edit(key, { AccountNumber: String(((index + 1) % 3) + 1) });
    }
    const rows = await Company.findAll({ where: { title: 'B' } });
    expect(rows.map(({ number }) => number)).toEqual(['3']);
    const numbers = (await here()).map((row) => (row as unknown[]).slice(1)).sort();
    expect(numbers).toEqual([
      ['A', '2'],
      ['B', '3'],
      ['C', '1'],
    ]);
  });

  it('moves a value along a chain to a record that is new', async () => {
    const one = await account('One', '1');
    await Company.findAll();
    await edit(one, { AccountNumber: '9' });
    await account('New', '1');
    const rows = await Company.findAll({ where: { title: 'New' } });
    expect(rows.map(({ number }) => number)).toEqual(['1']);
  });

  it('keeps versions of what has moved, and none of what stood there for a moment', async () => {
    const one = await account('One', '1');
    const two = await account('Two', '2');
    const rows = await Company.findAll({ order: ['title'] });
    await edit(one, { AccountNumber: '2' });
    await edit(two, { AccountNumber: '1' });
    await Company.findAll();
    const versions = (await rows[0]?.versions()) ?? [];
    expect(versions.map(({ values }) => (values as Record<string, unknown>).number)).toEqual(
      expect.arrayContaining(['2', '1']),
    );
    expect(versions).toHaveLength(2);
  });

  it('still names a record that shares a value with another', async () => {
    const one = await account('One', '1');
    const two = await account('Two', '2');
    const three = await account('Three', '3');
    await Company.findAll();
    await edit(one, { AccountNumber: '2' });
    await edit(two, { AccountNumber: '1' });
    await edit(three, { AccountNumber: '2' });
    const error = await Company.findAll().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RejectedRecordError);
    expect((error as RejectedRecordError).records).toHaveLength(1);
    await edit(three, { AccountNumber: '4' });
    const rows = await Company.findAll({ order: ['title'] });
    expect(rows.map(({ number }) => number)).toEqual(['2', '4', '1']);
  });

  it('does not take a value from a row with local changes, or that is only here', async () => {
    const one = await account('One', '1');
    await Company.findAll();
    await Company.skipLegacy().update({ title: 'Local' }, { where: { legacyId: one } });
    await Company.skipLegacy().create({ title: 'Only here', number: '5' });
    await edit(one, { AccountNumber: '7' });
    await account('Two', '1');
    await account('Three', '5');
    await expect(Company.findAll({ where: { title: 'Two' } })).rejects.toThrow(RejectedRecordError);
    await expect(Company.findAll({ where: { title: 'Three' } })).rejects.toThrow(
      RejectedRecordError,
    );
    expect(await here()).toEqual([
      [1, 'Local', '1'],
      [2, 'Only here', '5'],
    ]);
  });

  it('swaps in a transaction of the caller, and in one above READ COMMITTED', async () => {
    const one = await account('One', '1', 2001);
    const two = await account('Two', '2', 2002);
    await Company.findAll();
    for (const isolationLevel of ['READ COMMITTED', 'REPEATABLE READ'] as const) {
      const before = await Company.skipLegacy().findOne({ where: { legacyId: one } });
      const [first, second] = before?.size === 2001 ? [2002, 2001] : [2001, 2002];
      await edit(one, { NumberOfEmployees: first });
      await edit(two, { NumberOfEmployees: second });
      await world.sequelize.transaction(
        { isolationLevel: isolationLevel as never },
        async (transaction) => {
          const rows = await Company.findAll({ order: ['title'], transaction });
          expect(rows.map(({ size }) => size)).toEqual([first, second]);
        },
      );
    }
  });

  it('stores the others of an answer with a swap and a clash in it', async () => {
    const keys: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      keys.push(await account(`Row ${index}`, String(index)));
    }
    await Company.findAll();
    for (const [index, key] of keys.entries()) {
      await edit(key, { AccountNumber: String((index + 7) % 20), NumberOfEmployees: index });
    }
    await account('Clash', '3');
    await expect(Company.findAll()).rejects.toThrow(RejectedRecordError);
    const rows = await Company.skipLegacy().findAll({ order: ['size'] });
    const moved = rows.filter(({ number, size }) => number === String((Number(size) + 7) % 20));
    expect(moved.length).toBeGreaterThanOrEqual(19);
  });
});
