import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { databaseServer } from '../../src/example/embedded-postgres';
import { dropTestDatabases } from '../support/database';
import type { Face } from '../support/dual-world';
import { crashOnce } from './crash-once';
import { openCrashWorld } from './crash-world';
import { openFaultyDatabase } from './database-faults';
import { allCases, tryCase } from './matrix';
import { randomFrom } from './random';
import { beginRound, type Round } from './round';
import { endSpareApplication } from './start-application';
import { emptyTally, type Tally, told } from './tally';

const faces: readonly Face[] = ['dynamics2011', 'dataverse'];

/** How many crashes happen to the same records, one after the other. */
const crashesOfRound = 10;

/** How often the count so far is told, in rounds. */
const reportEvery = 10;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Crash on one face with every seed of a range. */
async function crashOn(face: Face, seeds: readonly number[], tally: Tally): Promise<void> {
  const world = await openCrashWorld(face);
  try {
    for (const [index, seed] of seeds.entries()) {
      await crashInRound(world, seed, tally);
      if ((index + 1) % reportEvery === 0) say(`${new Date().toISOString()} ${told(tally)}`);
    }
  } finally {
    await world.close();
  }
}

async function crashInRound(
  world: Awaited<ReturnType<typeof openCrashWorld>>,
  seed: number,
  tally: Tally,
): Promise<void> {
  const round = await beginRound(world, randomFrom(seed), tally);
  for (let left = crashesOfRound; left > 0; left -= 1) {
    const violations = await crashOnce(round);
    if (violations.length === 0) continue;
    say(`VIOLATION: --face ${world.face} --seed ${seed} --runs ${crashesOfRound}`);
    for (const violation of violations) say(`  ${violation}`);
    return;
  }
}

/** The seeds of the rounds on the n-th face of several: each gets its share. */
function seedsOf(place: number, { first, rounds, of }: Share): number[] {
  const all = Array.from({ length: rounds }, (_, index) => first + index);
  return rounds === 1 ? all : all.filter((_, index) => index % of === place);
}

interface Share {
  readonly first: number;
  readonly rounds: number;
  /** How many faces there are. */
  readonly of: number;
}

/** How many cases of the matrix happen in one round, one after the other. */
const casesOfRound = 20;

/** Try the cases of the matrix on one face, every n-th of them. */
async function tryMatrix(face: Face, { every, seed }: Sample, tally: Tally): Promise<void> {
  const world = await openCrashWorld(face);
  const database = await openFaultyDatabase(world);
  try {
    const cases = allCases().filter((_, index) => index % every === seed % every);
    let round: Round | undefined;
    for (const [index, each] of cases.entries()) {
      const isOver = index % casesOfRound === 0 || (await world.sandbox.pendingFaults()).length > 0;
      if (!round || isOver) round = await beginRound(world, randomFrom(seed + index), tally);
      const violations = await tryCase(round, database, each);
      if (violations.length > 0) {
        say(`VIOLATION: ${face} ${JSON.stringify(each)}`);
        for (const violation of violations) say(`  ${violation}`);
        round = undefined;
      }
      if ((index + 1) % 100 === 0) say(`${new Date().toISOString()} ${told(tally)}`);
    }
  } finally {
    await database.close();
    await world.close();
  }
}

/** Every n-th case, beginning with one. */
interface Sample {
  readonly every: number;
  readonly seed: number;
}

/**
 * `npm run test:crash -- --runs 1000`, or `-- --matrix` for every named point of every kind of write,
 * with every outcome of both servers; with `--every 10` every tenth of them, from `--seed` on. `--face` and `--seed` give the same orders again; when exactly
 * the process dies still depends on how its exchanges interleave.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      face: { type: 'string' },
      matrix: { type: 'boolean', default: false },
      every: { type: 'string', default: '1' },
    },
  });
  const chosen = faces.filter((face) => values.face === undefined || face === values.face);
  const server = await databaseServer();
  process.env.TEST_DATABASE_SERVER_URL = server.url;
  process.env.TEST_DATABASE_PREFIX = `dual_write_crash_${randomBytes(4).toString('hex')}`;
  const tally = emptyTally();
  const rounds = Math.ceil(Number(values.runs) / crashesOfRound);
  try {
    for (const [place, face] of chosen.entries()) {
      const share = { first: Number(values.seed), rounds, of: chosen.length };
      if (!values.matrix) await crashOn(face, seedsOf(place, share), tally);
      else await tryMatrix(face, { every: Number(values.every), seed: share.first }, tally);
    }
  } finally {
    await endSpareApplication();
    await dropTestDatabases();
    await server.stop();
  }
  say(told(tally));
  say(JSON.stringify({ calls: tally.calls, faults: tally.faults }));
  process.exitCode = tally.violations > 0 ? 1 : 0;
}

void main();
