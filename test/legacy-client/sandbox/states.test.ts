import { startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, query, send, type RawAnswer } from './raw-request';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(async () => {
  await sandbox.reset();
  await sandbox.load('account', [
    { AccountId: guidOf(1), Name: 'Active' },
    { AccountId: guidOf(2), Name: 'Inactive', StateCode: 1 },
  ]);
});
afterAll(() => sandbox.close());

const contracts = 'http://schemas.microsoft.com/xrm/2011/Contracts';

/** As scripts on forms of CRM 2011 send it. */
async function setState(
  key: number,
  [state, status]: readonly [number, number],
  logicalName = 'account',
): Promise<RawAnswer> {
  const parameter = (name: string, type: string, value: string): string =>
    `<a:KeyValuePairOfstringanyType><c:key>${name}</c:key>` +
    `<c:value i:type="a:${type}">${value}</c:value></a:KeyValuePairOfstringanyType>`;
  const moniker = `<a:Id>${guidOf(key)}</a:Id><a:LogicalName>${logicalName}</a:LogicalName><a:Name i:nil="true" />`;
  const text =
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Execute ` +
    `xmlns="${contracts}/Services" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">` +
    `<request i:type="b:SetStateRequest" xmlns:a="${contracts}" ` +
    'xmlns:b="http://schemas.microsoft.com/crm/2011/Contracts"><a:Parameters ' +
    'xmlns:c="http://schemas.datacontract.org/2004/07/System.Collections.Generic">' +
    parameter('EntityMoniker', 'EntityReference', moniker) +
    parameter('State', 'OptionSetValue', `<a:Value>${String(state)}</a:Value>`) +
    parameter('Status', 'OptionSetValue', `<a:Value>${String(status)}</a:Value>`) +
    '</a:Parameters><a:RequestId i:nil="true" /><a:RequestName>SetState</a:RequestName>' +
    '</request></Execute></s:Body></s:Envelope>';
  return send(`${sandbox.url}/XRMServices/2011/Organization.svc/web`, {
    method: 'POST',
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      SOAPAction: `${contracts}/Services/IOrganizationService/Execute`,
    },
    text,
  });
}

const stateOf = async (key: number): Promise<unknown[]> => {
  const record = await sandbox.record('account', guidOf(key));
  return [record?.StateCode, record?.StatusCode];
};

test('records are active, with the status that is usual then, unless something else is said', async () => {
  const created = await sandbox.createAsLegacyUser('account', { Name: 'New' });
  expect([created.StateCode, created.StatusCode]).toEqual([0, 1]);
  expect([await stateOf(1), await stateOf(2)]).toEqual([
    [0, 1],
    [1, 2],
  ]);
});

describe('on the 2011 face', () => {
  test('the state is shown and found as an option set', async () => {
    const options = query({ $filter: 'StateCode/Value eq 1', $select: 'Name,StateCode' });
    const { json } = await send(`${sandbox.url2011}/AccountSet${options}`);
    expect(json).toMatchObject({ d: { results: [{ Name: 'Inactive', StateCode: { Value: 1 } }] } });
  });

  test.each(['MERGE', 'PUT'])('%s does not change it', async (method) => {
    const answer = await send(`${sandbox.url2011}/AccountSet(guid'${guidOf(1)}')`, {
      method: 'POST',
      headers: { 'x-http-method': method },
      body: { Name: 'Other', StateCode: { Value: 1 } },
    });
    expect(answer.status).toBe(500);
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({
      Name: 'Active',
      StateCode: 0,
    });
  });

  test('MERGE changes the status within a state, and to none of another', async () => {
    const merge = (StatusCode: number): Promise<RawAnswer> =>
      send(`${sandbox.url2011}/AccountSet(guid'${guidOf(1)}')`, {
        method: 'POST',
        headers: { 'x-http-method': 'MERGE' },
        body: { StatusCode: { Value: StatusCode } },
      });
    expect((await merge(100_000_001)).status).toBe(204);
    const refused = await merge(2);
    expect(refused.json).toMatchObject({ error: { code: '-2147187704' } });
    expect(await stateOf(1)).toEqual([0, 100_000_001]);
  });

  test('SetState does, with the status that is given or the usual one, and is in the journal', async () => {
    await sandbox.clearJournal();
    expect((await setState(1, [1, -1])).status).toBe(200);
    expect(await stateOf(1)).toEqual([1, 2]);
    expect((await setState(1, [0, 100_000_002])).status).toBe(200);
    expect(await stateOf(1)).toEqual([0, 100_000_002]);
    expect(await sandbox.journal()).toMatchObject([
      { method: 'SETSTATE', entitySet: 'AccountSet', key: guidOf(1), applied: true, status: 200 },
      { method: 'SETSTATE', body: { StateCode: 0, StatusCode: 100_000_002 } },
    ]);
  });

  test('SetState refuses with faults: a record that is not there, a status of another state', async () => {
    const lost = await setState(9, [1, -1]);
    expect([lost.status, lost.text]).toEqual([
      500,
      expect.stringContaining('<ErrorCode>-2147220969</ErrorCode>'),
    ]);
    const unfit = await setState(1, [1, 1]);
    expect(unfit.text).toContain('<ErrorCode>-2147187704</ErrorCode>');
    const without = await setState(1, [1, -1], 'salesorder');
    expect(without.text).toContain('<s:Fault>');
    expect(await stateOf(1)).toEqual([0, 1]);
  });

  test('faults strike SetState as other writes', async () => {
    await sandbox.loseResponse({ method: 'SETSTATE', entitySet: 'account' });
    await expect(setState(1, [1, -1])).rejects.toThrow();
    expect(await stateOf(1)).toEqual([1, 2]);
    await sandbox.failNext({ method: 'SETSTATE', status: 503, message: 'Down.' });
    const failed = await setState(1, [0, -1]);
    expect([failed.status, failed.text]).toEqual([503, expect.stringContaining('Down.')]);
    expect(await stateOf(1)).toEqual([1, 2]);
  });
});

describe('on the Dataverse face', () => {
  const patch = (body: unknown): Promise<RawAnswer> =>
    send(`${sandbox.urlDataverse}/accounts(${guidOf(1)})`, {
      method: 'PATCH',
      headers: { 'if-match': '*' },
      body,
    });

  test('PATCH sets the state, which brings its usual status', async () => {
    expect((await patch({ statecode: 1 })).status).toBe(204);
    expect(await stateOf(1)).toEqual([1, 2]);
    expect((await patch({ statecode: 0, statuscode: 100_000_000 })).status).toBe(204);
    expect(await stateOf(1)).toEqual([0, 100_000_000]);
    const options = query({ $filter: 'statecode eq 0', $select: 'name' });
    const { json } = await send(`${sandbox.urlDataverse}/accounts${options}`);
    expect(json).toMatchObject({ value: [{ name: 'Active' }] });
  });

  test('refuses states that there are none, and a status of another state', async () => {
    for (const body of [{ statecode: 2 }, { statuscode: 2 }, { statecode: 1, statuscode: 1 }]) {
      expect((await patch(body)).json).toMatchObject({ error: { code: '0x80048408' } });
    }
    expect(await stateOf(1)).toEqual([0, 1]);
  });
});
