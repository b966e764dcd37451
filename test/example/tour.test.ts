import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { Organisation } from '../../models';
import { migrators } from '../../migrators';
import { type ApplicationDatabase, openDatabase } from '../../src/example/database';
import { joinLegacy, type JoinedLegacy } from '../../src/example/join-legacy';
import { keyOf } from '../../src/example/reference-data';
import { sampleRecords } from '../../src/example/sample-records';
import { takeTour } from '../../src/example/tour';
import { compareSides } from '../../src/example/tour/comparison';
import { openPlainSql } from '../../src/example/tour/plain-sql';
import { createTestDatabase, type TestDatabase } from '../support/database';

let testDatabase: TestDatabase;
let database: ApplicationDatabase;
let sandbox: Sandbox;
let legacy: JoinedLegacy;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = await openDatabase(testDatabase.url);
  sandbox = await startSandbox();
  legacy = await joinLegacy(database.sequelize, sandbox.url2011);
});

afterAll(async () => {
  await legacy.close();
  await sandbox.close();
  await database.close();
  await testDatabase.drop();
});

async function differences(): Promise<string[]> {
  const sql = await openPlainSql(testDatabase.url);
  const comparisons = await compareSides(sql, sandbox, migrators);
  await sql.close();
  return comparisons.flatMap(({ model, differences: found }) =>
    found.map((difference) => `${model} ${difference}`),
  );
}

async function take(lines: string[]): Promise<boolean> {
  return takeTour({
    database,
    databaseUrl: testDatabase.url,
    sandbox,
    organisations: 60,
    print: (line) => lines.push(line),
  });
}

describe('the tour', () => {
  it('tells its story and ends with equal sides', async () => {
    const lines: string[] = [];
    await expect(take(lines)).resolves.toBe(true);
    const text = lines.join('\n');
    expect(text).toContain('Country.findAll()');
    expect(text).toContain("telephone null → '+44 1632 960999'");
    expect(text).toContain('LegacyResponseError');
    expect(text).toMatch(/updated +Dilip Example +They called +telephone, internalNote/);
    expect(text).toMatch(/Organisation +61 there +61 here +equal/);
  });

  it('is not taken on a database with records', async () => {
    await expect(take([])).rejects.toThrow('The table countries holds records');
  });

  it('sees every kind of difference between the sides', async () => {
    const key = keyOf('account/1');
    const organisation = await Organisation.skipLegacy().findOne({
      where: { legacyId: key },
      rejectOnEmpty: true,
    });
    await sandbox.editAsLegacyUser('account', key, {
      Name: 'Other',
      Revenue: '0.01',
      optevia_FoundedOn: '1999-12-31',
      optevia_LastVerified: new Date('2020-02-29T12:00:00Z'),
      optevia_Sector: null,
    });
    const added = await sandbox.createAsLegacyUser('optevia_sector', { optevia_name: 'Added' });
    await Organisation.skipLegacy().create({ name: 'Local only' });
    const found = await differences();
    expect(found).toHaveLength(6 + Number(organisation.sectorId !== null));
    expect(found).toContain(
      `Organisation ${organisation.id} name: ${organisation.name} here, Other there`,
    );
    expect(found).toContain(`Sector ${String(added.optevia_sectorId)} is in the CRM only`);
    expect(found.at(-1)).toMatch(/^Organisation .* is in PostgreSQL only$/);
  });
});

describe('the invented records', () => {
  it('are the same on every run, with the real countries', () => {
    const [countries, sectors, accounts] = sampleRecords(40);
    expect(countries?.records).toHaveLength(249);
    expect(countries?.records).toContainEqual(expect.objectContaining({ optevia_IsoCode3: 'GBR' }));
    expect(sectors?.records).toHaveLength(20);
    expect(accounts?.records).toEqual(sampleRecords(40)[2]?.records);
    expect(accounts?.records.slice(0, 10)).toEqual(sampleRecords(10)[2]?.records);
  });
});
