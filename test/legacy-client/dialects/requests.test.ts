import { createDialect } from '../../../legacy-client/dialects';
import { SlashedText, writeJson } from '../../../legacy-client/exact-json';
import { account, dataverseAccount, guid, key, name, product, revenue } from '../entities';

const crm = createDialect('dynamics2011');
const dataverse = createDialect('dataverse');
const odata2 = createDialect('odata2');
const odata4 = createDialect('odata4');

describe('Dynamics 2011', () => {
  const columns =
    'AccountId,ModifiedOn,CreatedOn,Name,NumberOfEmployees,Revenue,optevia_Rating,' +
    'optevia_ukorganisation,optevia_FoundedOn,optevia_LastVerified,CustomerTypeCode,optevia_Sector';

  test('lists with encoded options and whole columns', () => {
    const request = crm.list(account, {
      filter: { op: 'eq', property: name, value: "O'Brien & Söhne 100% + #1" },
      orderBy: [{ property: revenue, direction: 'desc' }],
      top: 60,
      skip: 50,
    });
    expect(request).toEqual({
      method: 'GET',
      path:
        'AccountSet?$filter=Name%20eq%20%27O%27%27Brien%20%26%20S%C3%B6hne%20100%25%20%2B%20%231%27' +
        `&$orderby=Revenue/Value%20desc&$top=60&$skip=50&$select=${columns}`,
      headers: { Accept: 'application/json' },
    });
  });

  test('gets one record by its key', () => {
    const { path } = crm.get(account, `{${guid(1).toUpperCase()}}`);
    expect(path).toBe(`AccountSet(guid'${guid(1)}')?$select=${columns}`);
    expect(crm.get(account, guid(1), { allColumns: true }).path).toBe(
      `AccountSet(guid'${guid(1)}')`,
    );
    expect(() => crm.get(account, "1') or (1 eq 1")).toThrow(/GUID/);
  });

  test('creates with the key in the body and every kind in its own wrapping', () => {
    const request = crm.create(
      account,
      {
        Name: 'Ümlaut & Co',
        Revenue: '12.50',
        optevia_Rating: '0.1',
        CustomerTypeCode: 3,
        optevia_FoundedOn: '2026-11-21',
        optevia_LastVerified: new Date(1663715691123),
        optevia_Sector: guid(9),
      },
      { key: guid(1) },
    );
    expect(request).toMatchObject({ method: 'POST', path: 'AccountSet' });
    expect(request.headers).not.toHaveProperty('X-HTTP-Method');
    expect(request.body).toEqual({
      AccountId: guid(1),
      Name: 'Ümlaut & Co',
      Revenue: { Value: '12.50' },
      optevia_Rating: '0.1',
      CustomerTypeCode: { Value: 3 },
      optevia_FoundedOn: new SlashedText('/Date(1795219200000)/'),
      optevia_LastVerified: new SlashedText('/Date(1663715691123)/'),
      optevia_Sector: { Id: guid(9), LogicalName: 'optevia_sector' },
    });
  });

  test('updates by POST with MERGE; nulls have their members null; no ETag is ever sent', () => {
    const changes = { Name: null, Revenue: null, CustomerTypeCode: null, optevia_Sector: null };
    const request = crm.update(account, guid(1), changes, { ifMatch: 'W/"1"' });
    expect(request).toMatchObject({ method: 'POST', path: `AccountSet(guid'${guid(1)}')` });
    expect(request.headers).toEqual({
      Accept: 'application/json',
      'Content-Type': 'application/json; charset=utf-8',
      'X-HTTP-Method': 'MERGE',
    });
    expect(request.body).toEqual({
      Name: null,
      Revenue: { Value: null },
      CustomerTypeCode: { Value: null },
      optevia_Sector: { Id: null, LogicalName: null },
    });
  });

  test('deletes, and cannot count', () => {
    expect(crm.delete(account, guid(1), 'W/"1"')).toEqual({
      method: 'DELETE',
      path: `AccountSet(guid'${guid(1)}')`,
      headers: { Accept: 'application/json' },
    });
    expect(crm.count(account)).toBeUndefined();
  });

  test('reads wrapped values, and a null inside a wrapping as null', () => {
    const record = crm.decodeRecord(
      account,
      {
        d: {
          __metadata: { uri: 'x', type: 'Microsoft.Crm.Sdk.Data.Services.Account' },
          AccountId: guid(1).toUpperCase(),
          ModifiedOn: '/Date(1663715691000)/',
          CreatedOn: '/Date(1663715690000)/',
          Name: 'Example Ltd',
          Revenue: { Value: '1234.5000000000' },
          CustomerTypeCode: { Value: null },
          optevia_Sector: { Id: guid(9), LogicalName: 'optevia_sector', Name: 'Space' },
          optevia_FoundedOn: null,
        },
      },
      'W/"not ours"',
    );
    expect(record).toMatchObject({
      key: guid(1),
      modifiedOn: new Date(1663715691000),
      createdOn: new Date(1663715690000),
      version: null,
    });
    expect(record.values).toStrictEqual({
      Name: 'Example Ltd',
      Revenue: '1234.5000000000',
      CustomerTypeCode: null,
      optevia_Sector: guid(9),
      optevia_FoundedOn: null,
    });
  });

  test('reads lists in both shapes that services have', () => {
    const results = [{ AccountId: guid(1) }];
    expect(crm.decodePage(account, { d: results }).records).toHaveLength(1);
    const page = crm.decodePage(account, { d: { results, __next: 'http://crm.example/next' } });
    expect(page.next).toBe('http://crm.example/next');
    expect(page.records[0]?.key).toBe(guid(1));
  });

  test.each([[undefined], ['<html>'], [{}], [{ d: {} }], [{ d: { results: [5] } }]])(
    'does not take %j for a list',
    (body) => {
      expect(() => crm.decodePage(account, body)).toThrow(/expected|OData v2/);
    },
  );

  test('a record without its key is malformed', () => {
    expect(() => crm.decodeRecord(account, { d: { Name: 'x' } })).toThrow(/AccountId/);
  });
});

describe('Dataverse', () => {
  const columns =
    'accountid,modifiedon,createdon,name,revenue,optevia_foundedon,optevia_lastverified,' +
    'customertypecode,_optevia_sector_value';

  test('asks for large pages, and ends every order with the key', () => {
    const byName = { property: { name: 'name', kind: 'string' }, direction: 'asc' } as const;
    const request = dataverse.list(dataverseAccount, { orderBy: [byName] });
    expect(request.path).toBe(`accounts?$orderby=name,accountid&$select=${columns}`);
    expect(request.headers).toEqual({
      Accept: 'application/json',
      'OData-Version': '4.0',
      'OData-MaxVersion': '4.0',
      'If-None-Match': 'null',
      Prefer: 'odata.maxpagesize=5000',
    });
  });

  test('sends $top or a page size, never both', () => {
    const few = dataverse.list(dataverseAccount, { top: 10 }, { pageSize: 100 });
    expect(few.path).toContain('$top=10');
    expect(few.headers).not.toHaveProperty('Prefer');
    const many = dataverse.list(dataverseAccount, { top: 101 }, { pageSize: 100 });
    expect(many.path).not.toContain('$top');
    expect(many.headers).toHaveProperty('Prefer', 'odata.maxpagesize=100');
  });

  test('has no $skip', () => {
    expect(() => dataverse.list(dataverseAccount, { skip: 5 })).toThrow(/\$skip/);
  });

  test('creates with its own key by a PATCH that never updates', () => {
    const values = {
      name: 'Example Ltd',
      revenue: '922337203685477.5807',
      optevia_Sector: guid(9),
    };
    const request = dataverse.create(dataverseAccount, values, { key: guid(1) });
    expect(request).toMatchObject({
      method: 'PATCH',
      path: `accounts(${guid(1)})?$select=${columns}`,
      headers: { 'If-None-Match': '*', Prefer: 'return=representation' },
    });
    expect(writeJson(request.body)).toBe(
      '{"name":"Example Ltd","revenue":922337203685477.5807,' +
        `"optevia_Sector@odata.bind":"/optevia_sectors(${guid(9)})"}`,
    );
    expect(dataverse.create(dataverseAccount, values).method).toBe('POST');
  });

  test('updates by a PATCH that never creates', () => {
    const changes = {
      optevia_Sector: null,
      optevia_foundedon: '2026-11-21',
      optevia_lastverified: new Date('2026-11-21T12:26:26Z'),
    };
    const request = dataverse.update(dataverseAccount, guid(1), changes);
    expect(request.headers).toMatchObject({ 'If-Match': '*', Prefer: 'return=representation' });
    expect(request.body).toEqual({
      'optevia_Sector@odata.bind': null,
      optevia_foundedon: '2026-11-21',
      optevia_lastverified: '2026-11-21T12:26:26Z',
    });
    const conditional = dataverse.update(dataverseAccount, guid(1), {}, { ifMatch: 'W/"4711"' });
    expect(conditional.headers).toHaveProperty('If-Match', 'W/"4711"');
  });

  test('a lookup without a target cannot be written', () => {
    const owner = { name: 'OwnerId', kind: 'lookup' } as const;
    const entity = { ...dataverseAccount, properties: [owner] };
    expect(() => dataverse.update(entity, guid(1), { OwnerId: guid(2) })).toThrow(/OwnerId/);
  });

  test('reads lookups, bare numbers and the ETag', () => {
    const record = dataverse.decodeRecord(dataverseAccount, {
      '@odata.etag': 'W/"4711"',
      accountid: guid(1),
      modifiedon: '2026-11-21T12:26:26Z',
      revenue: 1234.5,
      customertypecode: 3,
      _optevia_sector_value: guid(9),
      '_optevia_sector_value@Microsoft.Dynamics.CRM.lookuplogicalname': 'optevia_sector',
    });
    expect(record).toMatchObject({
      key: guid(1),
      version: 'W/"4711"',
      modifiedOn: new Date('2026-11-21T12:26:26Z'),
      createdOn: null,
    });
    expect(record.values).toStrictEqual({
      revenue: '1234.5',
      customertypecode: 3,
      optevia_Sector: guid(9),
    });
  });

  test('a count at the ceiling is no count', () => {
    expect(dataverse.decodeCount('4999')).toBe(4999);
    expect(dataverse.decodeCount(5000)).toBeUndefined();
    expect(() => dataverse.decodeCount('many')).toThrow(/count/);
  });
});

describe('other servers', () => {
  test('OData v2 sends an ETag that is known, and no other', () => {
    const ofV2 = odata2.update(product, guid(1), { Price: '12.50' }, { ifMatch: 'W/"1"' });
    expect(ofV2).toMatchObject({ method: 'POST', path: `Products(guid'${guid(1)}')` });
    expect(ofV2.headers).toMatchObject({ 'X-HTTP-Method': 'MERGE', 'If-Match': 'W/"1"' });
    expect(ofV2.body).toEqual({ Price: '12.50' });
    expect(odata2.update(product, guid(1), {}).headers).not.toHaveProperty('If-Match');
    expect(odata2.delete(product, guid(1), 'W/"1"').headers).toHaveProperty('If-Match', 'W/"1"');
  });

  test('OData v4 updates by PATCH what is there, and creates nothing by it', () => {
    const request = odata4.update(product, guid(1), { SupplierId: guid(2) });
    expect(request).toMatchObject({ method: 'PATCH', body: { SupplierId: guid(2) } });
    expect(request.headers).toHaveProperty('If-Match', '*');
    expect(odata4.delete(product, guid(1)).headers).not.toHaveProperty('If-Match');
    expect(odata4.list(product, {}, { pageSize: 20 }).headers).toHaveProperty(
      'Prefer',
      'odata.maxpagesize=20',
    );
  });

  test('counts by a path', () => {
    const filter = { op: 'eq', property: key, value: guid(1) } as const;
    expect(odata2.count(product, filter)?.path).toBe(
      `Products/$count?$filter=AccountId%20eq%20guid%27${guid(1)}%27`,
    );
    expect(odata4.count(product)?.path).toBe('Products/$count');
    expect(odata2.decodeCount('12')).toBe(12);
  });

  test('the ETag is inside the record or in the header', () => {
    const record = { Id: guid(1), __metadata: { etag: 'W/"2"' } };
    expect(odata2.decodeRecord(product, { d: record }, 'W/"1"').version).toBe('W/"2"');
    expect(odata2.decodeRecord(product, { d: { Id: guid(1) } }, 'W/"1"').version).toBe('W/"1"');
    expect(odata4.decodeRecord(product, { Id: guid(1) }, 'W/"1"').version).toBe('W/"1"');
    expect(odata4.decodeRecord(product, { Id: guid(1) }).version).toBeNull();
  });

  test('what a server is known to do otherwise replaces what its dialect says', () => {
    expect(createDialect('odata4', { maxUrlLength: 8000 }).maxUrlLength).toBe(8000);
    for (const name of ['odata2', 'odata4'] as const) {
      expect(createDialect(name).count(product)?.path).toBe('Products/$count');
      expect(createDialect(name, { exactCount: false }).count(product)).toBeUndefined();
    }
    expect(() => createDialect('odata3' as 'odata4')).toThrow(/odata3/);
  });
});
