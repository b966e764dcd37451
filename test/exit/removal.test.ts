import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { carryOut, type ExitStep, runExit } from '../../src/exit';

let root: string;

const files = {
  'package.json': '{\n  "dependencies": {\n    "axios": "1.0.0",\n    "pg": "8.0.0"\n  }\n}\n',
  'src/old/one.ts': 'export const one = 1;\n',
  'src/main.ts': [
    "import { a } from './a';",
    '// exit: remove from here',
    "import { old } from './old/one';",
    '// exit: remove to here',
    '',
    'function main() {',
    '  // exit: remove from here',
    '  old();',
    '  // exit: remove to here',
    '',
    '  a();',
    '}',
    '',
  ].join('\n'),
  'models/base.ts': "  export { Old as Base } from '../src';\ntwice();\ntwice();\n",
};

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dual-write-removal-'));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.join(root, path.dirname(file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
});

afterEach(() => rm(root, { recursive: true, force: true }));

function read(file: string): Promise<string> {
  return readFile(path.join(root, file), 'utf8');
}

async function expectUntouched(): Promise<void> {
  for (const [file, text] of Object.entries(files)) await expect(read(file)).resolves.toBe(text);
}

const steps: ExitStep[] = [
  { verb: 'delete', path: 'src/old' },
  { verb: 'remove-lines', path: 'src/main.ts', lines: [] },
  {
    verb: 'replace',
    path: 'models/base.ts',
    old: ["export { Old as Base } from '../src';"],
    replacement: ["export { New as Base } from '../src';", '', 'more();'],
  },
  { verb: 'uninstall', packageName: 'axios' },
  { verb: 'drop-tables', tables: ['dual_write_known'] },
];

describe('carryOut', () => {
  it('carries out every step that concerns files', async () => {
    await expect(carryOut(root, steps)).resolves.toEqual({
      deleted: ['src/old'],
      changed: ['src/main.ts', 'models/base.ts', 'package.json'],
    });
    await expect(readdir(path.join(root, 'src'))).resolves.toEqual(['main.ts']);
    await expect(read('src/main.ts')).resolves.toBe(
      "import { a } from './a';\n\nfunction main() {\n  a();\n}\n",
    );
    await expect(read('models/base.ts')).resolves.toBe(
      "  export { New as Base } from '../src';\n\n  more();\ntwice();\ntwice();\n",
    );
    await expect(read('package.json')).resolves.toBe(
      '{\n  "dependencies": {\n    "pg": "8.0.0"\n  }\n}\n',
    );
  });

  it('deletes folders that nothing is left in', async () => {
    await carryOut(root, [{ verb: 'delete', path: 'models/base.ts' }]);
    await expect(readdir(root)).resolves.toEqual(['package.json', 'src']);
  });

  it('changes nothing in a dry run', async () => {
    const { deleted } = await carryOut(root, steps, { dryRun: true });
    expect(deleted).toEqual(['src/old']);
    await expectUntouched();
  });

  it('lets steps of one file follow each other', async () => {
    const replace = (old: string, fresh: string): ExitStep => ({
      verb: 'replace',
      path: 'src/old/one.ts',
      old: [old],
      replacement: [fresh],
    });
    await carryOut(root, [
      replace('export const one = 1;', 'two();'),
      replace('two();', 'three();'),
    ]);
    await expect(read('src/old/one.ts')).resolves.toBe('three();\n');
  });

  it.each<[string, ExitStep]>([
    ['src/new does not exist', { verb: 'delete', path: 'src/new' }],
    [
      "src/old/one.ts is deleted already, by 'delete src/old'",
      { verb: 'delete', path: 'src/old/one.ts' },
    ],
    [
      'src/old/one.ts is to be changed and deleted',
      { verb: 'remove-lines', path: 'src/old/one.ts', lines: [] },
    ],
    ['src/new.ts does not exist', { verb: 'remove-lines', path: 'src/new.ts', lines: [] }],
    [
      "models/base.ts has no 'exit: remove from here'",
      { verb: 'remove-lines', path: 'models/base.ts', lines: [] },
    ],
    [
      "models/base.ts has 2 lines 'twice();'",
      { verb: 'remove-lines', path: 'models/base.ts', lines: ['twice();'] },
    ],
    [
      "models/base.ts has no line 'gone();'",
      { verb: 'replace', path: 'models/base.ts', old: ['gone();'], replacement: [] },
    ],
    [
      "models/base.ts has no line 'twice();⏎gone();'",
      { verb: 'replace', path: 'models/base.ts', old: ['twice();', 'gone();'], replacement: [] },
    ],
    ['package.json does not depend on nock', { verb: 'uninstall', packageName: 'nock' }],
  ])('changes nothing at all when %s', async (problem, step) => {
    await expect(carryOut(root, [...steps, step])).rejects.toThrow(problem);
    await expectUntouched();
  });

  it.each([
    ['// exit: remove to here', 'line 1'],
    ['// exit: remove from here\n// exit: remove from here', 'line 2'],
    ['// exit: remove from here', 'without its end'],
  ])('refuses markers that do not pair: %j', async (text, problem) => {
    await writeFile(path.join(root, 'src/old/one.ts'), text);
    const removal: ExitStep = { verb: 'remove-lines', path: 'src/old/one.ts', lines: [] };
    await expect(carryOut(root, [removal])).rejects.toThrow(problem);
  });
});

describe('runExit', () => {
  const run = async (dryRun = false): Promise<string[]> => {
    const lines: string[] = [];
    await runExit({ root, dryRun, log: (line) => lines.push(line) });
    return lines;
  };
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd: root,
    });
  };

  it('carries out the list of the project and says what it did', async () => {
    await writeFile(path.join(root, 'MIGRATION_EXIT.md'), '```exit\ndelete src/old\n```\n');
    const dryRun = await run(true);
    expect(dryRun).toEqual(['deleted  src/old', 'This was a dry run: nothing has been changed.']);
    await expectUntouched();
    await expect(run()).resolves.toEqual([
      'deleted  src/old',
      expect.stringContaining('npm install'),
    ]);
    await expect(readdir(path.join(root, 'src'))).resolves.toEqual(['main.ts']);
  });

  it('asks for a list', async () => {
    await expect(run()).rejects.toThrow('MIGRATION_EXIT.md is missing');
  });

  it('asks for a way back: everything is committed', async () => {
    await writeFile(path.join(root, 'MIGRATION_EXIT.md'), '```exit\ndelete src/old\n```\n');
    git('init', '--quiet');
    await expect(run()).rejects.toThrow('Commit your changes first');
    await expectUntouched();
    git('add', '.');
    git('commit', '--quiet', '--message', 'All');
    await expect(run()).resolves.toContain('deleted  src/old');
  });
});
