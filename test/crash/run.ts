import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { databaseServer } from '../../src/example/embedded-postgres';
import { openDualWorld, type Face } from '../support/dual-world';
import { dropTestDatabases } from '../support/database';
import { tryCrash } from './crash-try';
import { watchOrganisations } from './oracle';
import { randomFrom } from './random-work';
import { endSpareApplication } from './start-application';

const faces: readonly Face[] = ['dynamics2011', 'dataverse'];

/** How often the count so far is told. */
const reportEvery = 100;

interface Tally {
  tries: number;
  kills: number;
  violations: number;
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function told({ tries, kills, violations }: Tally): string {
  return `${tries} tries, ${kills} kills, ${violations} violations`;
}

/** Crash on one face with every seed of a range. */
async function crashOn(face: Face, seeds: readonly number[], tally: Tally): Promise<void> {
  const world = await openDualWorld({ face, recoverEveryMs: 0 });
  try {
    await watchOrganisations(world);
    for (const seed of seeds) {
      const { wasKilled, violations } = await tryCrash(world, face, randomFrom(seed));
      tally.tries += 1;
      if (wasKilled) tally.kills += 1;
      if (violations.length > 0) {
        tally.violations += 1;
        say(`VIOLATION: --face ${face} --seed ${seed} --runs 1`);
        for (const violation of violations) say(`  ${violation}`);
      }
      if (tally.tries % reportEvery === 0) say(told(tally));
    }
  } finally {
    await world.close();
  }
}

/** The seeds that one face gets: of a single run both get it, otherwise each its half. */
function seedsOf(face: Face, first: number, runs: number): number[] {
  const all = Array.from({ length: runs }, (_, index) => first + index);
  const half = Math.ceil(runs / 2);
  if (runs === 1) return all;
  return face === 'dynamics2011' ? all.slice(0, half) : all.slice(half);
}

/**
 * `npm run test:crash -- --runs 1000`. `--face` and `--seed` give the same orders again; when exactly
 * the process dies still depends on how its exchanges interleave.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      face: { type: 'string' },
    },
  });
  const chosen = faces.filter((face) => values.face === undefined || face === values.face);
  const server = await databaseServer();
  process.env.TEST_DATABASE_SERVER_URL = server.url;
  process.env.TEST_DATABASE_PREFIX = `dual_write_crash_${randomBytes(4).toString('hex')}`;
  const tally: Tally = { tries: 0, kills: 0, violations: 0 };
  try {
    for (const face of chosen) {
      await crashOn(face, seedsOf(face, Number(values.seed), Number(values.runs)), tally);
    }
  } finally {
    await endSpareApplication();
    await dropTestDatabases();
    await server.stop();
  }
  say(told(tally));
  process.exitCode = tally.violations > 0 ? 1 : 0;
}

void main();
