import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The application in one file of plain JavaScript, and how to start it. */
export interface ApplicationBundle {
  /** What node is started with. */
  readonly args: readonly string[];
}

/**
 * Runs the application, with the machine code that an earlier one has left. Whoever comes to its end
 * by itself leaves it, so that the next need not compile.
 */
const starter = `
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');
const [, , file] = process.argv;
const cache = file + '.cache';
const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
const source = '(function (exports, require, module) {' + readFileSync(file, 'utf8') + '\\n})';
const script = new Script(source, { filename: file, cachedData });
script.runInThisContext()({}, require, { exports: {} });
if (!cachedData) {
  process.on('exit', (code) => {
    if (code !== 0 || existsSync(cache)) return;
    const own = cache + '.' + process.pid;
    writeFileSync(own, script.createCachedData());
    renameSync(own, cache);
  });
}
`;

const bundles = new Map<string, ApplicationBundle>();

/**
 * Compile an application; once in a process.
 *
 * @param script - where it begins: default the application of the crashes.
 */
export function applicationBundle(
  script = path.join(__dirname, 'application.ts'),
): ApplicationBundle {
  const bundle = bundles.get(script) ?? compile(script);
  bundles.set(script, bundle);
  return bundle;
}

function compile(script: string): ApplicationBundle {
  const folder = mkdtempSync(path.join(tmpdir(), 'crash-application-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = path.join(folder, 'application.js');
  execFileSync(require.resolve('esbuild/bin/esbuild'), [
    script,
    '--bundle',
    '--platform=node',
    '--target=node20',
    '--keep-names',
    '--minify-whitespace',
    '--minify-syntax',
    '--line-limit=200',
    '--log-level=error',
    // The tables are there already, and what makes them is large.
    '--alias:umzug=node:util',
    // Sequelize and pg look for these, and do without them.
    '--external:pg-native',
    '--external:pg-hstore',
    `--outfile=${file}`,
  ]);
  const start = path.join(folder, 'start.js');
  writeFileSync(start, starter);
  return { args: [start, file] };
}
