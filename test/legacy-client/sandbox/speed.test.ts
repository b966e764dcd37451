import { startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, query, send } from './raw-request';

interface Page {
  d: { results: unknown[]; __next?: string };
}

const recordCount = 200_000;
const sectorCount = 100;
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  const sectors = Array.from({ length: sectorCount }, (_, at) => guidOf(at));
  await sandbox.load(
    'optevia_sector',
    sectors.map((key) => ({ optevia_sectorId: key, optevia_name: 'Sector' })),
  );
  await sandbox.load(
    'account',
    Array.from({ length: recordCount }, (_, at) => ({
      // Keys in no order, as real ones are.
      AccountId: guidOf((at * 7919) % recordCount),
      Name: `Company ${String(at)}`,
      NumberOfEmployees: at % 1000,
      optevia_Sector: sectors[at % sectorCount] ?? null,
    })),
  );
});

afterAll(async () => {
  await sandbox.close();
});

/** The least of nine, after one that builds what is built lazily: other work on a machine only adds. */
async function leastMs(url: string): Promise<{ page: Page; ms: number }> {
  let page = (await send(url)).json as Page;
  let ms = Infinity;
  for (let round = 0; round < 9; round += 1) {
    const started = performance.now();
    page = (await send(url)).json as Page;
    ms = Math.min(ms, performance.now() - started);
  }
  return { page, ms };
}

const accounts = (options: Record<string, string>): string =>
  `${sandbox.url2011}/AccountSet${query(options)}`;

test('a page by lookup, and the page behind it, are answered in milliseconds', async () => {
  const filter = `optevia_Sector/Id eq guid'${guidOf(42)}' and NumberOfEmployees ge 500`;
  const first = await leastMs(accounts({ $filter: filter }));
  const second = await leastMs(first.page.d.__next ?? '');
  expect([first.page.d.results.length, second.page.d.results.length]).toEqual([50, 50]);
  expect(first.ms).toBeLessThan(50);
  expect(second.ms).toBeLessThan(50);
});

test('so is a list of keys', async () => {
  const filter = Array.from({ length: 25 }, (_, at) => `AccountId eq guid'${guidOf(at * 11)}'`);
  const { page, ms } = await leastMs(accounts({ $filter: filter.join(' or ') }));
  expect(page.d.results).toHaveLength(25);
  expect(ms).toBeLessThan(50);
});

test('an order is made once for all of its pages', async () => {
  const first = (await send(accounts({ $orderby: 'NumberOfEmployees desc' }))).json as Page;
  const { page, ms } = await leastMs(first.d.__next ?? '');
  expect(page.d.results).toHaveLength(50);
  expect(ms).toBeLessThan(50);
});

test('a scan that finds nothing reads all records in a moment', async () => {
  const { page, ms } = await leastMs(accounts({ $filter: 'NumberOfEmployees gt 5000' }));
  expect(page.d.results).toEqual([]);
  // A second or two would be a scan that grows faster than the records.
  expect(ms).toBeLessThan(1000);
});

test('indexes follow writes', async () => {
  const key = guidOf(12_345);
  const named = async (name: string): Promise<unknown[]> => {
    const answer = await send(accounts({ $filter: `Name eq '${name}'`, $select: 'AccountId' }));
    return (answer.json as Page).d.results;
  };
  expect(await named('Moved')).toEqual([]);
  const before = await sandbox.record('account', key);
  await sandbox.editAsLegacyUser('account', key, { Name: 'moved' });
  expect(await named('Moved')).toMatchObject([{ AccountId: key }]);
  expect(await named(String(before?.Name))).toEqual([]);
  await sandbox.deleteAsLegacyUser('account', key);
  expect(await named('Moved')).toEqual([]);
  await sandbox.createAsLegacyUser('account', { AccountId: key, Name: 'MOVED' });
  expect(await named('Moved')).toMatchObject([{ AccountId: key }]);
});
