import nock from 'nock';
import { auth, type LegacyClient } from '../../legacy-client';
import { account, dataverseAccount, guid } from './entities';
import { closingClients } from './closing-clients';

const HOST = 'https://crm.example';
const ROOT_2011 = `${HOST}/XRMServices/2011/OrganizationData.svc`;
const ROOT_DATAVERSE = `${HOST}/api/data/v9.2`;

const openClient = closingClients();

function connect(dialect: 'dynamics2011' | 'dataverse'): LegacyClient {
  return openClient({
    baseUrl: dialect === 'dynamics2011' ? ROOT_2011 : `${ROOT_DATAVERSE}/`,
    dialect,
    auth: auth.bearer({ token: 'fictional' }),
  });
}

beforeAll(() => {
  nock.disableNetConnect();
});

afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});

afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

test('Dynamics 2011: create, read the trimmed record, update, find it gone', async () => {
  const client = connect('dynamics2011');
  const record = {
    __metadata: {
      uri: `${ROOT_2011}/AccountSet(guid'${guid(1)}')`,
      type: 'Microsoft.Crm.Sdk.Data.Services.Account',
    },
    AccountId: guid(1),
    Name: 'Example Ltd',
    Revenue: { __metadata: { type: 'Microsoft.Crm.Sdk.Data.Services.Money' }, Value: '12.5000' },
    CustomerTypeCode: { Value: null },
    optevia_Sector: { Id: null, LogicalName: null, Name: null },
    ModifiedOn: '/Date(1663715691000)/',
    CreatedOn: '/Date(1663715691000)/',
  };
  nock(HOST, { reqheaders: { authorization: 'Bearer fictional', accept: 'application/json' } })
    .post('/XRMServices/2011/OrganizationData.svc/AccountSet', {
      AccountId: guid(1),
      Name: 'Example Ltd ',
      Revenue: { Value: '12.50' },
    })
    .reply(201, { d: record }, { Location: record.__metadata.uri });
  nock(HOST, { reqheaders: { 'x-http-method': 'MERGE' } })
    .post(`/XRMServices/2011/OrganizationData.svc/AccountSet(guid'${guid(1)}')`, { Name: 'New' })
    .reply(204);
  nock(HOST)
    .get(`/XRMServices/2011/OrganizationData.svc/AccountSet(guid'${guid(2)}')`)
    .query(true)
    .reply(404, {
      error: {
        code: '-2147220969',
        message: { lang: 'en-US', value: `account With Id = ${guid(2)} Does Not Exist` },
      },
    });
  const values = { Name: 'Example Ltd ', Revenue: '12.50' };
  const created = await client.create(account, values, { key: guid(1) });
  expect(created).toMatchObject({
    key: guid(1),
    modifiedOn: new Date('2022-09-20T23:14:51Z'),
    version: null,
    values: {
      Name: 'Example Ltd',
      Revenue: '12.5000',
      CustomerTypeCode: null,
      optevia_Sector: null,
    },
  });
  expect(await client.update(account, guid(1), { Name: 'New' })).toBeUndefined();
  await expect(client.get(account, guid(2))).rejects.toMatchObject({
    name: 'LegacyNotFoundError',
    code: '-2147220969',
  });
});

test('Dataverse: update with an ETag, answered with the record; a stale ETag is a conflict', async () => {
  const client = connect('dataverse');
  const select =
    'accountid,modifiedon,createdon,name,revenue,optevia_foundedon,optevia_lastverified,' +
    'customertypecode,_optevia_sector_value';
  const path = `/api/data/v9.2/accounts(${guid(1)})`;
  const headers = {
    'if-match': 'W/"4711"',
    prefer: 'return=representation',
    'odata-version': '4.0',
    'odata-maxversion': '4.0',
    accept: 'application/json',
  };
  const body = { name: 'Example Ltd', 'optevia_Sector@odata.bind': `/optevia_sectors(${guid(9)})` };
  nock(HOST, { reqheaders: headers })
    .patch(path, body)
    .query({ $select: select })
    .reply(
      200,
      {
        '@odata.context': `${ROOT_DATAVERSE}/$metadata#accounts/$entity`,
        '@odata.etag': 'W/"4712"',
        accountid: guid(1),
        name: 'Example Ltd',
        revenue: 20000,
        _optevia_sector_value: guid(9),
        modifiedon: '2026-11-21T12:26:26Z',
      },
      { 'OData-Version': '4.0' },
    );
  nock(HOST, { reqheaders: headers })
    .patch(path)
    .query(true)
    .reply(412, { error: { code: '0x80060882', message: 'The version does not match' } });
  const changes = { name: 'Example Ltd', optevia_Sector: guid(9) };
  const condition = { ifMatch: 'W/"4711"' };
  expect(await client.update(dataverseAccount, guid(1), changes, condition)).toMatchObject({
    version: 'W/"4712"',
    values: { name: 'Example Ltd', revenue: '20000', optevia_Sector: guid(9) },
  });
  await expect(client.update(dataverseAccount, guid(1), changes, condition)).rejects.toMatchObject({
    name: 'LegacyConflictError',
    code: '0x80060882',
    outcome: 'refused',
  });
});
