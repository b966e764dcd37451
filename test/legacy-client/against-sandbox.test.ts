import {
  auth,
  type LegacyClient,
  type LegacyEntity,
  LegacyConflictError,
  LegacyNotFoundError,
  LegacyUnavailableError,
  type LegacyValue,
} from '../../legacy-client';
import { exampleSchema, type Sandbox, startSandbox } from '../../legacy-client/sandbox';
import { guid } from './entities';
import { closingClients } from './closing-clients';

type Face = 'dynamics2011' | 'dataverse';

let sandbox: Sandbox;
const openClient = closingClients();

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterEach(async () => {
  expect(await sandbox.pendingFaults()).toEqual([]);
  await sandbox.reset();
});

afterAll(() => sandbox.close());

function connect(face: Face): LegacyClient {
  const baseUrl = face === 'dynamics2011' ? sandbox.url2011 : sandbox.urlDataverse;
  const token = (): Promise<string> => Promise.resolve('fictional');
  return openClient({ baseUrl, dialect: face, auth: auth.bearer({ token }) });
}

/** The sandbox's entity, as a mapping for this face would describe it. */
function entityOf(logicalName: string, face: Face): LegacyEntity {
  const entity = exampleSchema.find((one) => one.logicalName === logicalName);
  if (entity === undefined) throw new Error(`no entity ${logicalName}`);
  const on2011 = face === 'dynamics2011';
  const named = (name: string): string => (on2011 ? name : name.toLowerCase());
  const setOf = (target: string): string => {
    const other = exampleSchema.find((one) => one.logicalName === target);
    return (on2011 ? `${other?.schemaName ?? ''}Set` : other?.collectionName) ?? '';
  };
  return {
    entitySet: setOf(logicalName),
    key: named(entity.key),
    logicalName,
    modifiedOn: named('ModifiedOn'),
    createdOn: named('CreatedOn'),
    properties: entity.properties.map(({ name, kind, target }) => ({
      // A lookup on Dataverse goes by its navigation name, which keeps its capitals.
      name: kind === 'lookup' ? name : named(name),
      kind,
      ...(target === undefined
        ? {}
        : { target: { entitySet: setOf(target), logicalName: target } }),
    })),
  };
}

describe.each<Face>(['dynamics2011', 'dataverse'])('%s', (face) => {
  const account = entityOf('account', face);
  const sector = entityOf('optevia_sector', face);
  const named = (values: Readonly<Record<string, LegacyValue>>): Record<string, LegacyValue> =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        account.properties.find((one) => one.name.toLowerCase() === name.toLowerCase())?.name ??
          name,
        value,
      ]),
    );
  const property = (name: string): LegacyEntity['properties'][number] => {
    const found = account.properties.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw new Error(`no property ${name}`);
    return found;
  };

  test('every kind comes back as it was written, and can be asked for', async () => {
    const client = connect(face);
    const [sectorName] = sector.properties;
    const created = await client.create(
      sector,
      { [sectorName?.name ?? '']: 'Space' },
      { key: guid(9) },
    );
    expect(created.key).toBe(guid(9));
    const values = named({
      Name: "O'Brien & Söhne 100% + #1",
      NumberOfEmployees: 12,
      Revenue: '1234.50',
      optevia_Rating: '0.1250',
      optevia_ukorganisation: true,
      optevia_FoundedOn: '1998-02-28',
      optevia_LastVerified: new Date('2026-11-21T12:26:26Z'),
      CustomerTypeCode: 3,
      optevia_Sector: guid(9),
      Description: null,
    });
    const written = await client.create(account, values, { key: guid(1) });
    const read = await client.get(account, guid(1));
    expect(read.values).toEqual(written.values);
    expect(read.key).toBe(guid(1));
    expect(read.modifiedOn).toBeInstanceOf(Date);
    for (const [name, value] of Object.entries(values)) {
      const back = read.values[name];
      if (['Revenue', 'optevia_Rating'].some((one) => property(one).name === name)) {
        expect(Number(back)).toBe(Number(value));
      } else expect([name, back]).toEqual([name, value]);
    }
    for (const [name, value] of Object.entries(values)) {
      const filter = { op: 'eq', property: property(name), value } as const;
      const found = await client.list(account, { filter });
      expect([name, found.map(({ key }) => key)]).toEqual([name, [guid(1)]]);
    }
  });

  test('null is written in each kind', async () => {
    const client = connect(face);
    const values = named({ Name: 'Example Ltd', Revenue: '1.00', CustomerTypeCode: 3 });
    await client.create(account, values, { key: guid(1) });
    const nulls = named({ Revenue: null, CustomerTypeCode: null, optevia_Sector: null });
    await client.update(account, guid(1), nulls);
    expect((await client.get(account, guid(1))).values).toMatchObject(nulls);
  });

  test('more records than a page, by pages and by keys', async () => {
    const numbers = Array.from({ length: 130 }, (_, index) => index + 1);
    await sandbox.load(
      'account',
      numbers.map((number) => ({
        AccountId: guid(number),
        Name: `Example ${number}`,
        NumberOfEmployees: number,
      })),
    );
    const client = connect(face);
    expect(await client.list(account)).toHaveLength(130);
    const size = property('NumberOfEmployees');
    const top = await client.list(account, {
      orderBy: [{ property: size, direction: 'desc' }],
      top: 60,
    });
    expect(top.map(({ values }) => values[size.name])).toEqual(numbers.slice(70).reverse());
    const key = { name: account.key, kind: 'guid' } as const;
    const wanted = [...numbers.map(guid), guid(999)];
    const byKey = await client.list(account, {
      filter: { op: 'in', property: key, values: wanted },
    });
    expect(byKey.map((record) => record.key).sort()).toEqual(wanted.slice(0, -1));
  });

  test('gone is told from never mind', async () => {
    const client = connect(face);
    await expect(client.get(account, guid(1))).rejects.toThrow(LegacyNotFoundError);
    await expect(client.update(account, guid(1), named({ Name: 'x' }))).rejects.toThrow(
      LegacyNotFoundError,
    );
    await client.create(account, named({ Name: 'Example Ltd' }), { key: guid(1) });
    const again = client.create(account, named({ Name: 'Twin Ltd' }), { key: guid(1) });
    await expect(again).rejects.toThrow(LegacyConflictError);
    await client.delete(account, guid(1));
    await expect(client.delete(account, guid(1))).rejects.toThrow(LegacyNotFoundError);
  });

  test('a lost reply to a write is unknown, a throttled one is repeated', async () => {
    const client = connect(face);
    await client.create(account, named({ Name: 'Example Ltd' }), { key: guid(1) });
    await sandbox.loseResponse();
    await expect(
      client.update(account, guid(1), named({ Name: 'Lost Ltd' })),
    ).rejects.toMatchObject({ name: LegacyUnavailableError.name, outcome: 'unknown' });
    expect((await client.get(account, guid(1))).values).toMatchObject(named({ Name: 'Lost Ltd' }));
    await sandbox.throttle({ retryAfterSeconds: 0 });
    await client.update(account, guid(1), named({ Name: 'Late Ltd' }));
    expect((await client.get(account, guid(1))).values).toMatchObject(named({ Name: 'Late Ltd' }));
  });

  test.each([false, true])('a login that ended is renewed (page: %s)', async (page) => {
    const client = connect(face);
    await sandbox.expireLogin({ page, times: 1 });
    await client.create(account, named({ Name: 'Example Ltd' }), { key: guid(1) });
    await sandbox.expireLogin({ page, times: 1 });
    expect((await client.get(account, guid(1))).key).toBe(guid(1));
  });

  test('cut off answers to reads are read again', async () => {
    const client = connect(face);
    await client.create(account, named({ Name: 'Example Ltd' }), { key: guid(1) });
    await sandbox.truncate({ method: 'GET' });
    expect(await client.list(account)).toHaveLength(1);
  });
});

test('a create on Dataverse whose reply was lost is found again', async () => {
  const account = entityOf('account', 'dataverse');
  await sandbox.loseResponse();
  const values = { name: 'Example Ltd' };
  const created = await connect('dataverse').create(account, values, { key: guid(1) });
  expect(created).toMatchObject({ key: guid(1), values });
  expect(await sandbox.records('account')).toHaveLength(1);
});
