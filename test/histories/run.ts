import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { databaseServer } from '../../src/example/embedded-postgres';
import { dropTestDatabases } from '../support/database';
import type { Face } from '../support/dual-world';
import { endSpareProcess } from './application-process';
import { history } from './generate';
import { play } from './play';
import { closeStage, emptyTally, openStage, type Tally } from './stage';

const faces: readonly Face[] = ['dynamics2011', 'dataverse'];

/** Histories of one seed. */
const blockSize = 25;
const maxCommands = 20;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function told(tally: Tally): string {
  const { histories, commands, calls, reads, edits, kills, failures } = tally;
  const { recoveries, faults, clockJumps, doubts } = tally;
  return (
    `${histories} histories of ${commands} commands: ${calls} calls, ${reads} reads, ` +
    `${edits} edits, ${kills} kills, ${recoveries} recoveries, ${faults} faults, ` +
    `${clockJumps} clock jumps, ${doubts} calls left open; ${failures} failures`
  );
}

interface Block {
  readonly face: Face;
  readonly seed: number;
  readonly runs: number;
  /** Of a failure, to play it alone. */
  readonly path: string | undefined;
}

/** Play histories of one seed on one face; they end at the first failure, shrunk. */
async function playBlock({ face, seed, runs, path }: Block, tally: Tally): Promise<void> {
  const stage = await openStage(face, tally);
  try {
    const property = fc.asyncProperty(history(maxCommands), (one) => play(stage, one));
    const details = await fc.check(property, {
      seed,
      numRuns: runs,
      interruptAfterTimeLimit: 600_000,
      ...(path !== undefined && { path, endOnFailure: true }),
    });
    if (details.failed) {
      tally.failures += 1;
      const found = String(details.counterexamplePath);
      say(`FAILURE: --face ${face} --seed ${seed} --path ${found}`);
      say(fc.stringify(details.counterexample));
      const { errorInstance: error } = details;
      say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  } finally {
    await closeStage(stage);
  }
  say(`${face}: ${told(tally)}`);
}

/**
 * `npm run test:histories -- --runs 1000`; `--face`, `--seed` and `--path`, as a failure prints them,
 * play the same history again, shrunk.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      face: { type: 'string' },
      path: { type: 'string' },
    },
  });
  const chosen = faces.filter((face) => values.face === undefined || face === values.face);
  const server = await databaseServer();
  process.env.TEST_DATABASE_SERVER_URL = server.url;
  process.env.TEST_DATABASE_PREFIX = `dual_write_histories_${randomBytes(4).toString('hex')}`;
  const tally = emptyTally();
  const { path } = values;
  const blocks = path === undefined ? Math.ceil(Number(values.runs) / blockSize) : 1;
  try {
    for (let block = 0; block < blocks; block += 1) {
      const seed = Number(values.seed) + block;
      const face = chosen[block % chosen.length] ?? 'dataverse';
      const runs = Math.min(blockSize, Number(values.runs) - block * blockSize);
      await playBlock({ face, seed, runs, path }, tally);
    }
  } finally {
    await endSpareProcess();
    await dropTestDatabases();
    await server.stop();
  }
  say(told(tally));
  process.exitCode = tally.failures > 0 ? 1 : 0;
}

void main();
