import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { databaseServer } from '../../../src/example/embedded-postgres';
import { dropTestDatabases } from '../../support/database';
import type { Face } from '../../support/dual-world';
import { sequence } from './generate/sequences';
import { play } from './play';
import { closeStage, emptyTally, openStage, type Tally } from './stage';

const faces: readonly Face[] = ['dynamics2011', 'dataverse'];

/** Sequences of one seed. */
const blockSize = 50;
const maxCommands = 20;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function told(tally: Tally): string {
  const { sequences, reads, writes, edits, faults, gaveUp, failures } = tally;
  return (
    `${sequences} sequences: ${reads} reads checked, ${writes} writes, ${edits} edits, ` +
    `${faults} faults, ${gaveUp} calls that gave up as they may, ${failures} failures`
  );
}

/** Play blocks of sequences on one face; a block ends at its first failure, shrunk. */
async function playOn(
  face: Face,
  { seed, blocks, runs }: { readonly seed: number; readonly blocks: number; readonly runs: number },
  tally: Tally,
): Promise<void> {
  const stage = await openStage(face, tally);
  try {
    const property = fc.asyncProperty(sequence(maxCommands), (one) => play(stage, one));
    for (let block = 0; block < blocks; block += 1) {
      const details = await fc.check(property, {
        seed: seed + block,
        numRuns: Math.min(blockSize, runs - block * blockSize),
        interruptAfterTimeLimit: 300_000,
      });
      if (details.failed) {
        tally.failures += 1;
        say(
          `FAILURE: face: '${face}', seed: ${seed + block}, path: '${String(details.counterexamplePath)}'`,
        );
        say(fc.stringify(details.counterexample));
        const { errorInstance: error } = details;
        say(error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
      say(`${face}: ${told(tally)}`);
    }
  } finally {
    await closeStage(stage);
  }
}

/** `npm run test:long -- --runs 5000`; `--face` and `--seed` give the same sequences again. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      face: { type: 'string' },
    },
  });
  const chosen = faces.filter((face) => values.face === undefined || face === values.face);
  const server = await databaseServer();
  process.env.TEST_DATABASE_SERVER_URL = server.url;
  process.env.TEST_DATABASE_PREFIX = `dual_write_long_${randomBytes(4).toString('hex')}`;
  const tally = emptyTally();
  const runs = Math.ceil(Number(values.runs) / chosen.length);
  const blocks = Math.ceil(runs / blockSize);
  try {
    for (const face of chosen) {
      await playOn(face, { seed: Number(values.seed), blocks, runs }, tally);
    }
  } finally {
    await dropTestDatabases();
    await server.stop();
  }
  say(told(tally));
  process.exitCode = tally.failures > 0 ? 1 : 0;
}

void main();
