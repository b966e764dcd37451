import { openDualWorld, type DualWorld } from '../support/dual-world';
import { runCommand, type CommandRun } from './command';

const config = require.resolve('./configs/example.config');

describe('dual-write explain', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld();
  });
  afterAll(() => world.close());

  const explain = (...args: string[]): Promise<CommandRun> =>
    runCommand(['explain', ...args, '--config', config], {
      env: { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 },
    });

  it('prints what a read would ask, without asking', async () => {
    await world.legacyCalls();
    const where = '{"employees":{"$gte":4},"$datePart":["year","foundedOn",{"$lt":1900}]}';
    const run = await explain('Organisation', where, '--order', 'createdAt DESC', '--limit', '5');
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    expect(run.stdout).toContain('$filter=optevia_FoundedOn lt');
    expect(run.stdout).toContain('employees gte 4: exact');
    expect(run.stdout).toContain(
      'limit applied by the legacy system: the first 5 by CreatedOn desc',
    );
    const included = await explain('Organisation', '{}', '--include', 'contacts,sector', '--json');
    const { root } = JSON.parse(included.stdout) as { root: { includes: { as: string }[] } };
    expect(root.includes.map(({ as }) => as)).toEqual(['contacts', 'sector']);
    await expect(world.legacyCalls()).resolves.toEqual([]);
  });

  it.each([
    [['Nobody'], /There is no synced model Nobody, only .*Organisation/],
    [['Organisation', '{"a":'], /The condition is no JSON/],
    [['Organisation', '{"a":{"$nope":1}}'], /There is no operator \$nope/],
    [['Organisation', '{}', '--limit', 'x'], /--limit takes a whole number/],
  ])('ends with 2 and one line when it is used wrongly: %j', async (args, message) => {
    const { code, stdout, stderr } = await explain(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
