import { randomUUID } from 'node:crypto';
import { createLegacyClient, type LegacyClient } from '../../legacy-client';
import { LegacyRequestError } from '../../legacy-client/errors';
import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';

const faces = ['dynamics2011', 'dataverse'] as const;

describe.each(faces)('pages with links, %s', (dialect) => {
  let sandbox: Sandbox;
  let client: LegacyClient;
  const isDataverse = dialect === 'dataverse';
  const entity = {
    entitySet: isDataverse ? 'accounts' : 'AccountSet',
    key: isDataverse ? 'accountid' : 'AccountId',
    logicalName: 'account',
    properties: [{ name: isDataverse ? 'name' : 'Name', kind: 'string' }],
  } as const;

  beforeAll(async () => {
    sandbox = await startSandbox();
    const baseUrl = isDataverse ? sandbox.urlDataverse : sandbox.url2011;
    client = createLegacyClient({ baseUrl, dialect, pageSize: 50 });
    await sandbox.load(
      'account',
      Array.from({ length: 120 }, (_, at) => ({
        AccountId: randomUUID(),
        Name: `Fictional ${at}`,
      })),
    );
  });
  afterAll(async () => {
    client.close();
    await sandbox.close();
  });

  it('say where to go on, in whatever process', async () => {
    const seen: number[] = [];
    const links: (string | null | undefined)[] = [];
    for await (const { records, next } of client.linkedPages(entity)) {
      seen.push(records.length);
      links.push(next);
    }
    expect(seen).toEqual([50, 50, 20]);
    expect(links.map((link) => link === null)).toEqual([false, false, true]);
    const rest: string[] = [];
    const from = links[0] ?? '';
    for await (const { records } of client.linkedPages(entity, {}, { from })) {
      rest.push(...records.map(({ key }) => key));
    }
    expect(new Set(rest).size).toBe(70);
  });

  it.each(['https://elsewhere.example/AccountSet', 'http://user@127.0.0.1/', 'AccountSet?$skip=1'])(
    'do not go on at %s',
    async (from) => {
      const pages = client.linkedPages(entity, {}, { from })[Symbol.asyncIterator]();
      await expect(pages.next()).rejects.toBeInstanceOf(LegacyRequestError);
    },
  );

  it('are of one request only', async () => {
    const property = { name: entity.key, kind: 'guid' } as const;
    const values = Array.from({ length: 3000 }, () => randomUUID());
    const filter = { op: 'in', property, values } as const;
    const pages = client.linkedPages(entity, { filter })[Symbol.asyncIterator]();
    await expect(pages.next()).rejects.toThrow('several requests');
  });
});
