import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Drift } from '../../src/introspect';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { runCommand, type CommandRun } from './command';

const config = require.resolve('./configs/example.config');

describe('dual-write introspect', () => {
  let world: DualWorld;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    world = await openDualWorld();
    env = { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 };
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'introspect-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const introspect = (...args: string[]): Promise<CommandRun> =>
    runCommand(['introspect', ...args], { env });

  const ofDataverse = (...args: string[]): Promise<CommandRun> =>
    introspect('--url', world.sandbox.urlDataverse, '--dialect', 'dataverse', ...args);

  it('writes models and migrators, and says what became of each file', async () => {
    const { code, stdout, stderr } = await ofDataverse(
      '--entities',
      'account,contact',
      '--out',
      folder,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 7)).toEqual([
      'written  migrators/account.ts',
      'written  migrators/contact.ts',
      'written  migrators/index.ts',
      'written  models/account.ts',
      'written  models/base.ts',
      'written  models/contact.ts',
      'written  models/index.ts',
    ]);
    expect(stdout).toContain('Account: 2 parts, named in migrators/account.ts');
    const migrator = await readFile(path.join(folder, 'migrators/contact.ts'), 'utf8');
    expect(migrator).toContain("field.lookup('parentcustomerid', { model: 'Account' })");
    const again = await ofDataverse('--entities', 'account,contact', '--out', folder);
    expect(again.stdout).not.toContain('written');
    expect(again.stdout).toContain('kept     models/account.ts (it was there)');
  });

  it('reads a document from a file, and the service of the configuration', async () => {
    const file = path.join(folder, 'metadata.xml');
    const answer = await fetch(`${world.sandbox.url2011}/$metadata`);
    await writeFile(file, await answer.text());
    const fromFile = await introspect(
      '--file',
      file,
      '--dialect',
      'dynamics2011',
      '--out',
      path.join(folder, 'a'),
    );
    const fromConfig = await introspect('--config', config, '--out', path.join(folder, 'b'));
    expect(fromFile).toMatchObject({ code: 0, stderr: '' });
    expect(fromConfig.stdout).toBe(fromFile.stdout);
  });

  it('reads a document that Windows has saved, and tells when it is of another version', async () => {
    const file = path.join(folder, 'metadata.xml');
    const answer = await fetch(`${world.sandbox.urlDataverse}/$metadata`);
    await writeFile(file, `\ufeff${await answer.text()}`, 'utf16le');
    const { code, stdout } = await introspect(
      ...['--file', file, '--dialect', 'dataverse', '--out', folder],
    );
    expect({ code, stdout: stdout.slice(0, 8) }).toEqual({ code: 0, stdout: 'written ' });
    const other = await introspect('--file', file, '--dialect', 'dynamics2011', '--out', folder);
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toContain('of OData 4, and --dialect dynamics2011 speaks OData 2');
  });

  it('compares the mappings, and fails when one is broken', async () => {
    const fits = await introspect('--check', '--config', config, '--json');
    expect(fits.code).toBe(0);
    expect((JSON.parse(fits.stdout) as Drift[]).every(({ severity }) => severity === 'note')).toBe(
      true,
    );
    const file = path.join(folder, 'metadata.xml');
    const answer = await fetch(`${world.sandbox.url2011}/$metadata`);
    await writeFile(file, (await answer.text()).replace('"Telephone1"', '"Telephone"'));
    const broken = await introspect('--check', '--config', config, '--file', file);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^Organisation +Telephone1 +broken +it has gone$/m);
    expect(broken.stderr).toContain('1 mapped name(s) no longer fit');
  });

  it.each([
    [['--url', 'http://127.0.0.1:1'], '--dialect'],
    [['--file', 'nowhere.xml', '--dialect', 'odata2'], 'nowhere.xml cannot be read'],
    [['--file', __filename, '--dialect', 'odata2'], 'is no $metadata document'],
  ])('used as %p says what is wrong', async (args, message) => {
    const { code, stderr } = await introspect(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('names entities that the service does not have', async () => {
    const { code, stderr } = await ofDataverse('--entities', 'account,lead', '--out', folder);
    expect(code).toBe(2);
    expect(stderr).toContain('The service has no lead.');
  });
});
