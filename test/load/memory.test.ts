import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { loadAccounts, resetAll } from './world';

/** `LOAD_MEMORY=1 npx jest --runInBand test/load/memory.test.ts`: takes some minutes. */
const longOnly = process.env.LOAD_MEMORY ? describe : describe.skip;

/** A process with more than this on its heap ends with an error of its own. */
const heapLimitMb = 96;

interface Peak {
  readonly maxRssMb: number;
  readonly heapMb: number;
}

longOnly('the memory of a load', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ timeoutMs: 20_000 });
  }, 60_000);
  beforeEach(() => resetAll(world));
  afterAll(() => world.close());

  const peakOf = async (what: string): Promise<Peak> => {
    const env = { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        ...[`--max-old-space-size=${heapLimitMb}`, '--require', require.resolve('tsx/cjs')],
        ...[path.join(__dirname, 'application.ts'), what],
      ],
      { env: { ...process.env, ...env } },
    );
    return JSON.parse(stdout) as Peak;
  };

  it('does not grow with the records', async () => {
    const seen: Record<string, Peak> = {};
    for (const count of [20_000, 100_000]) {
      await resetAll(world);
      await loadAccounts(world, count, (at) => ({
        CreatedOn: new Date(Date.UTC(2020, 0, 1) + at * 60_000),
      }));
      for (const what of ['backfill', 'verify']) seen[`${what} ${count}`] = await peakOf(what);
    }
    process.stderr.write(`${JSON.stringify(seen)}\n`);
    for (const what of ['backfill', 'verify']) {
      const [few, many] = [seen[`${what} 20000`], seen[`${what} 100000`]];
      expect(many?.maxRssMb).toBeLessThan((few?.maxRssMb ?? 0) * 1.3);
    }
  }, 900_000);
});
