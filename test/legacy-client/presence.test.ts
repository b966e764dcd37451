import {
  createLegacyClient,
  type LegacyClient,
  type LegacyEntity,
  LegacyNotFoundError,
  type LegacyRecord,
  LegacyRequestError,
  LegacyResponseError,
  withAbsent,
} from '../../legacy-client';
import { type Sandbox, startSandbox } from '../../legacy-client/sandbox';
import { guid } from './entities';

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe.each(['dynamics2011', 'dataverse'] as const)(
  'records that count as not there, %s',
  (face) => {
    let sandbox: Sandbox;
    let client: LegacyClient;

    const named = (name: string): string => (face === 'dataverse' ? name.toLowerCase() : name);
    const state = { name: named('StateCode'), kind: 'optionSet' } as const;
    const account: LegacyEntity = {
      entitySet: face === 'dataverse' ? 'accounts' : 'AccountSet',
      key: named('AccountId'),
      logicalName: 'account',
      modifiedOn: named('ModifiedOn'),
      createdOn: named('CreatedOn'),
      properties: [
        { name: named('Name'), kind: 'string' },
        state,
        { name: named('StatusCode'), kind: 'optionSet' },
      ],
      presence: { property: state, value: 0 },
    };

    beforeAll(async () => {
      sandbox = await startSandbox();
      const baseUrl = face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011;
      client = createLegacyClient({ baseUrl, dialect: face });
    });
    beforeEach(async () => {
      await sandbox.reset();
      await sandbox.load(
        'account',
        [0, 1, 0].map((StateCode, index) => ({
          AccountId: guid(index + 1),
          Name: `Fictional ${String(index + 1)}`,
          StateCode,
        })),
      );
    });
    afterAll(async () => {
      client.close();
      await sandbox.close();
    });

    const keysOf = (records: readonly LegacyRecord[]): string[] => records.map(({ key }) => key);

    it('are left out of lists, pages, keys and counts', async () => {
      expect(keysOf(await client.list(account)).sort()).toEqual([guid(1), guid(3)]);
      const key = { name: account.key, kind: 'guid' } as const;
      const filter = { op: 'in', property: key, values: [guid(1), guid(2)] } as const;
      expect(keysOf(await client.list(account, { filter }))).toEqual([guid(1)]);
      const [page] = await allOf(client.linkedPages(account));
      expect(keysOf(page?.records ?? []).sort()).toEqual([guid(1), guid(3)]);
      expect((await allOf(client.keys(account))).flat().sort()).toEqual([guid(1), guid(3)]);
      const count = await client.count(account, filter);
      expect(count).toBe(face === 'dataverse' ? 1 : undefined);
      const [asked] = client.listRequests(account);
      expect(decodeURIComponent(asked?.url ?? '')).toContain(
        face === 'dataverse' ? 'statecode eq 0' : 'StateCode/Value eq 0',
      );
    });

    it('are not found, though the others are, and all are without the condition', async () => {
      await expect(client.get(account, guid(2))).rejects.toThrow(LegacyNotFoundError);
      expect((await client.get(account, guid(1))).key).toBe(guid(1));
      const record = await client.get(withAbsent(account), guid(2));
      expect(record.values).toMatchObject({ [state.name]: 1, [named('StatusCode')]: 2 });
      expect(await client.list(withAbsent(account))).toHaveLength(3);
    });

    it('are deletions in a feed, and changes when they are back', async () => {
      const changes = async (since?: string): Promise<[string[], string[], string]> => {
        const pages = await allOf(client.changes(account, { since, overlapMs: 0 }));
        const changed = pages.flatMap((page) => keysOf(page.changed)).sort();
        const deleted = pages.flatMap((page) => page.deleted).sort();
        return [changed, deleted, pages.at(-1)?.token ?? ''];
      };
      const [all, , token] = await changes();
      expect(all).toEqual([guid(1), guid(3)]);
      await sandbox.shiftClock(60_000);
      await sandbox.editAsLegacyUser('account', guid(1), { StateCode: 1 });
      await sandbox.editAsLegacyUser('account', guid(2), { StateCode: 0 });
      const [changed, deleted] = await changes(token);
      expect(changed).toContain(guid(2));
      expect(deleted).toEqual([guid(1)]);
      await sandbox.shiftClock(0);
    });

    it('are made and undone by an update of the state', async () => {
      await client.update(account, guid(1), { [state.name]: 1 });
      expect(keysOf(await client.list(account))).toEqual([guid(3)]);
      const own = { [state.name]: 0, [named('StatusCode')]: 100_000_001 };
      await client.update(account, guid(1), own);
      expect((await client.get(account, guid(1))).values).toMatchObject(own);
    });

    it('refuses to update the state of what is not there', async () => {
      const lost = client.update(account, guid(9), { [state.name]: 1 });
      await expect(lost).rejects.toThrow(LegacyNotFoundError);
      await expect(lost).rejects.toMatchObject({ outcome: 'refused' });
    });
  },
);

describe('the state of a record of Dynamics 2011', () => {
  let sandbox: Sandbox;
  let client: LegacyClient;
  const account: LegacyEntity = {
    entitySet: 'AccountSet',
    key: 'AccountId',
    logicalName: 'account',
    properties: [
      { name: 'Name', kind: 'string' },
      { name: 'StateCode', kind: 'optionSet' },
      { name: 'StatusCode', kind: 'optionSet' },
    ],
  };

  beforeAll(async () => {
    sandbox = await startSandbox();
    client = createLegacyClient({ baseUrl: sandbox.url2011, dialect: 'dynamics2011' });
    await sandbox.load('account', [{ AccountId: guid(1), Name: 'Fictional' }]);
  });
  afterAll(async () => {
    client.close();
    await sandbox.close();
  });

  it('is set by a message of its own', async () => {
    const both = client.update(account, guid(1), { Name: 'Other', StateCode: 1 });
    await expect(both).rejects.toThrow(LegacyRequestError);
    const nameless = { ...account, logicalName: undefined };
    await expect(client.update(nameless, guid(1), { StateCode: 1 })).rejects.toThrow(/logicalName/);
    const wrong = client.update(account, guid(1), { StateCode: 'x</a:Value>' });
    await expect(wrong).rejects.toThrow(/whole number/);
    expect(await sandbox.journal()).toEqual([]);
  });

  it('is in doubt after an answer that is none, and refused by a fault', async () => {
    await sandbox.failNext({ method: 'SETSTATE', form: 'html', status: 502 });
    const cut = client.update(account, guid(1), { StateCode: 1 });
    await expect(cut).rejects.toMatchObject({ outcome: 'unknown', answered: false });
    const fault = client.update(account, guid(1), { StateCode: 1, StatusCode: 1 });
    await expect(fault).rejects.toThrow(LegacyResponseError);
    await expect(fault).rejects.toMatchObject({ code: '-2147187704', answered: true });
    expect(await sandbox.record('account', guid(1))).toMatchObject({ StateCode: 0 });
  });
});
