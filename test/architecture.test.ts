import { ESLint, type Linter } from 'eslint';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const { importConfig } = jest.requireActual<{ importConfig(root: string): Linter.Config }>(
  '../eslint.layers',
);

const PATHS = 'import-x/no-restricted-paths';
const CYCLE = 'import-x/no-cycle';

/** One file of each layer, named after it; the rules are run in a tree that holds only these. */
const LAYER_FILES = [
  'legacy-client/index.ts',
  'legacy-client/sandbox/index.ts',
  'src/model/model.ts',
  'src/revisions/revisions.ts',
  'src/transfer/transfer.ts',
  'src/jobs/jobs.ts',
  'src/console/console.ts',
  'src/mapping/mapping.ts',
  'src/sync/sync.ts',
  'src/load/load.ts',
  'src/exit/exit.ts',
  'src/cli/main.ts',
  'src/index.ts',
  'src/main.ts',
  'src/example/example.ts',
  'models/base.ts',
  'models/organisation.ts',
  'migrators/organisation.ts',
  'test/support/support.ts',
  'benchmarks/run.ts',
];

let root: string;
let eslint: ESLint;

beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'dual-write-layers-')));
  await Promise.all(LAYER_FILES.map((file) => write(file, 'export const value = 1;\n')));
  eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: importConfig(root),
  });
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

function importing(from: string, to: string, keyword = 'export'): string {
  const relative = path.relative(path.dirname(from), to).replace(/\.ts$/, '');
  return `${keyword} { value } from '${relative.startsWith('.') ? relative : `./${relative}`}';\n`;
}

/** The rules that a file of this text breaks in this place. */
async function brokenRules(file: string, text: string): Promise<(string | null)[]> {
  const results = await eslint.lintText(text, { filePath: path.join(root, file) });
  return results.flatMap(({ messages }) => messages.map((message) => message.ruleId));
}

describe('imports point one way only', () => {
  it.each([
    ['legacy-client/index.ts', 'src/model/model.ts'],
    ['legacy-client/index.ts', 'legacy-client/sandbox/index.ts'],
    ['src/model/model.ts', 'src/revisions/revisions.ts'],
    ['src/model/model.ts', 'src/sync/sync.ts'],
    ['src/model/model.ts', 'src/index.ts'],
    ['src/revisions/revisions.ts', 'src/mapping/mapping.ts'],
    ['src/revisions/revisions.ts', 'src/transfer/transfer.ts'],
    ['src/transfer/transfer.ts', 'src/jobs/jobs.ts'],
    ['src/transfer/transfer.ts', 'src/sync/sync.ts'],
    ['src/transfer/transfer.ts', 'legacy-client/index.ts'],
    ['src/jobs/jobs.ts', 'src/exit/exit.ts'],
    ['src/jobs/jobs.ts', 'src/console/console.ts'],
    ['src/jobs/jobs.ts', 'src/sync/sync.ts'],
    ['src/console/console.ts', 'src/sync/sync.ts'],
    ['src/console/console.ts', 'src/cli/main.ts'],
    ['src/mapping/mapping.ts', 'src/sync/sync.ts'],
    ['src/sync/sync.ts', 'src/jobs/jobs.ts'],
    ['src/sync/sync.ts', 'src/load/load.ts'],
    ['src/jobs/jobs.ts', 'src/load/load.ts'],
    ['src/load/load.ts', 'src/cli/main.ts'],
    ['src/sync/sync.ts', 'src/index.ts'],
    ['src/sync/sync.ts', 'migrators/organisation.ts'],
    ['src/exit/exit.ts', 'src/cli/main.ts'],
    ['src/cli/main.ts', 'src/example/example.ts'],
    ['src/cli/main.ts', 'src/main.ts'],
    ['src/index.ts', 'models/organisation.ts'],
    ['src/index.ts', 'test/support/support.ts'],
    ['src/example/example.ts', 'src/main.ts'],
    ['src/main.ts', 'test/support/support.ts'],
    ['models/organisation.ts', 'src/index.ts'],
    ['models/organisation.ts', 'migrators/organisation.ts'],
    ['models/base.ts', 'src/sync/sync.ts'],
    ['migrators/organisation.ts', 'src/mapping/mapping.ts'],
    ['migrators/organisation.ts', 'legacy-client/index.ts'],
  ])('%s may not import %s', async (from, to) => {
    await expect(brokenRules(from, importing(from, to))).resolves.toEqual([PATHS]);
    await expect(brokenRules(from, importing(from, to, 'export type'))).resolves.toEqual([PATHS]);
  });

  it.each([
    ['legacy-client/sandbox/index.ts', 'legacy-client/index.ts'],
    ['src/revisions/revisions.ts', 'src/model/model.ts'],
    ['src/mapping/mapping.ts', 'legacy-client/index.ts'],
    ['src/sync/sync.ts', 'src/mapping/mapping.ts'],
    ['src/jobs/jobs.ts', 'src/transfer/transfer.ts'],
    ['src/load/load.ts', 'src/sync/sync.ts'],
    ['src/load/load.ts', 'src/jobs/jobs.ts'],
    ['src/exit/exit.ts', 'src/sync/sync.ts'],
    ['src/cli/main.ts', 'src/exit/exit.ts'],
    ['src/index.ts', 'src/sync/sync.ts'],
    ['src/main.ts', 'src/console/console.ts'],
    ['models/base.ts', 'src/index.ts'],
    ['models/organisation.ts', 'models/base.ts'],
    ['migrators/organisation.ts', 'models/organisation.ts'],
    ['migrators/organisation.ts', 'src/index.ts'],
    ['test/support/support.ts', 'src/main.ts'],
  ])('%s may import %s', async (from, to) => {
    await expect(brokenRules(from, importing(from, to))).resolves.toEqual([]);
  });

  it('and never in a circle', async () => {
    await write('src/model/first.ts', importing('src/model/first.ts', 'src/model/second.ts'));
    const second = importing('src/model/second.ts', 'src/model/first.ts');
    await write('src/model/second.ts', second);
    await expect(brokenRules('src/model/second.ts', second)).resolves.toEqual([CYCLE]);
  });

  it('and by name', async () => {
    await expect(brokenRules('src/model/model.ts', 'export default 1;\n')).resolves.toEqual([
      'import-x/no-default-export',
    ]);
  });
});

describe('the configuration of this project', () => {
  it('holds these rules for every layer', async () => {
    const project = path.resolve(__dirname, '..');
    const linter = new ESLint({
      cwd: project,
      overrideConfigFile: true,
      overrideConfig: jest.requireActual<Linter.Config[]>('../eslint.config'),
    });
    const [, expected] = importConfig(project).rules?.[PATHS] as [string, object];
    for (const file of LAYER_FILES) {
      const config = (await linter.calculateConfigForFile(file)) as Linter.Config;
      expect(config.rules?.[PATHS]).toEqual([2, expected]);
      expect(config.rules?.[CYCLE]).toEqual([2]);
    }
  });
});
