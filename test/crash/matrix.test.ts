import type { Face } from '../support/dual-world';
import { openCrashWorld, type CrashWorld } from './crash-world';
import { type FaultyDatabase, openFaultyDatabase } from './database-faults';
import { caseOutcomes, casePoints, type MatrixCase, tryCase } from './matrix';
import { type WriteKind, writeKinds } from './matrix-kinds';
import { randomFrom } from './random';
import { beginRound, type Round } from './round';
import { endSpareApplication } from './start-application';
import { emptyTally } from './tally';

const faces: [Face, number][] = [
  ['dynamics2011', 0],
  ['dataverse', 5],
];

/** As many cases as have every kind, every point and every outcome once at least. */
function representatives(shift: number): MatrixCase[] {
  const kinds = Object.keys(writeKinds) as WriteKind[];
  return caseOutcomes.map((outcome, index) => ({
    kind: kinds[(index + shift) % kinds.length] ?? 'create',
    point: casePoints[(3 * index + shift) % casePoints.length] ?? 'noted',
    outcome,
  }));
}

afterAll(endSpareApplication);

// Sequelize warns of each connection that it gives up.
beforeAll(() => jest.spyOn(console, 'warn').mockReturnValue());

describe.each(faces)('processes killed at named points, %s face', (face, shift) => {
  let world: CrashWorld;
  let database: FaultyDatabase;
  let round: Round;
  const tally = emptyTally();

  beforeAll(async () => {
    world = await openCrashWorld(face);
    database = await openFaultyDatabase(world);
    round = await beginRound(world, randomFrom(1), tally);
  });
  afterEach(async () => {
    // What was to befall a request that was never sent must not befall the next case.
    if ((await world.sandbox.pendingFaults()).length === 0) return;
    round = await beginRound(world, randomFrom(1), tally);
  });
  afterAll(async () => {
    await database.close();
    await world.close();
  });

  it.each(representatives(shift))(
    '$kind, $point, $outcome: leave both sides equal after recovery',
    async (each) => {
      expect(await tryCase(round, database, each)).toEqual([]);
    },
  );

  it('were killed', () => {
    expect(tally.kills).toBeGreaterThan(caseOutcomes.length / 4);
  });
});
