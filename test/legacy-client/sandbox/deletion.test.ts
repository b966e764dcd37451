import { startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, send } from './raw-request';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

beforeEach(async () => {
  await sandbox.reset();
  await sandbox.load('optevia_sector', [{ optevia_sectorId: guidOf(1), optevia_name: 'Food' }]);
  await sandbox.load('account', [
    { AccountId: guidOf(10), Name: 'Parent', optevia_Sector: guidOf(1) },
    { AccountId: guidOf(11), Name: 'Child', ParentAccountId: guidOf(10) },
  ]);
  await sandbox.load('contact', [
    { ContactId: guidOf(20), LastName: 'A', ParentCustomerId: guidOf(10) },
    { ContactId: guidOf(21), LastName: 'B', ParentCustomerId: guidOf(11) },
  ]);
  await sandbox.load('optevia_interaction', [
    { optevia_interactionId: guidOf(30), optevia_Subject: 'Call', optevia_Contact: guidOf(20) },
  ]);
});

afterAll(async () => {
  await sandbox.close();
});

async function remove(path: string): Promise<{ status: number; json: unknown }> {
  return await send(`${sandbox.url}${path}`, { method: 'DELETE' });
}

const on2011 = (set: string, key: number): string =>
  `/XRMServices/2011/OrganizationData.svc/${set}(guid'${guidOf(key)}')`;

test('takes along what cascades, at any depth, and unlinks the rest', async () => {
  expect((await remove(on2011('AccountSet', 10))).status).toBe(204);
  expect(await sandbox.records('optevia_interaction')).toEqual([]);
  expect((await sandbox.records('contact')).map(({ LastName }) => LastName)).toEqual(['B']);
  expect(await sandbox.records('account')).toMatchObject([
    { Name: 'Child', ParentAccountId: null },
  ]);
});

test('is refused as a whole where a record that stays refers to one that would go', async () => {
  await sandbox.load('salesorder', [
    { SalesOrderId: guidOf(40), OrderNumber: '1', CustomerId: guidOf(10) },
  ]);
  const on2011Answer = await remove(on2011('AccountSet', 10));
  const dataverse = await remove(`/api/data/v9.2/accounts(${guidOf(10)})`);
  expect([on2011Answer.status, on2011Answer.json]).toMatchObject([
    500,
    { error: { code: '-2147220953' } },
  ]);
  expect([dataverse.status, dataverse.json]).toMatchObject([
    400,
    { error: { code: '0x80040227' } },
  ]);
  await expect(sandbox.deleteAsLegacyUser('account', guidOf(10))).rejects.toThrow(/associated/);
  expect(await sandbox.records('contact')).toHaveLength(2);
});

test('of a sector in use is refused, of one out of use is not', async () => {
  await expect(sandbox.deleteAsLegacyUser('optevia_sector', guidOf(1))).rejects.toThrow();
  await sandbox.editAsLegacyUser('account', guidOf(10), { optevia_Sector: null });
  await sandbox.deleteAsLegacyUser('optevia_sector', guidOf(1));
  expect(await sandbox.records('optevia_sector')).toEqual([]);
});

test('ends when records refer to each other in a circle', async () => {
  const ring = await startSandbox({
    schema: [
      {
        logicalName: 'node',
        schemaName: 'Node',
        collectionName: 'nodes',
        key: 'NodeId',
        properties: [{ name: 'Next', kind: 'lookup', target: 'node', onDelete: 'cascade' }],
      },
    ],
  });
  try {
    await ring.load('node', [
      { NodeId: guidOf(1), Next: guidOf(2) },
      { NodeId: guidOf(2), Next: guidOf(1) },
    ]);
    await ring.deleteAsLegacyUser('node', guidOf(1));
    expect(await ring.records('node')).toEqual([]);
  } finally {
    await ring.close();
  }
});
