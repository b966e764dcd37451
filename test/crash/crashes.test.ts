import type { Face } from '../support/dual-world';
import { crashOnce } from './crash-once';
import { openCrashWorld, type CrashWorld } from './crash-world';
import { randomFrom } from './random';
import { beginRound } from './round';
import { endSpareApplication } from './start-application';
import { emptyTally } from './tally';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const crashesOfRound = 5;

afterAll(endSpareApplication);

describe.each(faces)('processes killed at any exchange with their servers, %s face', (face) => {
  let world: CrashWorld;
  const tally = emptyTally();

  beforeAll(async () => {
    world = await openCrashWorld(face);
  });
  afterAll(() => world.close());

  it.each([1, 2, 3])('leave both sides equal after recovery, seed %i', async (seed) => {
    const round = await beginRound(world, randomFrom(seed), tally);
    for (let left = crashesOfRound; left > 0; left -= 1) {
      expect(await crashOnce(round)).toEqual([]);
    }
  });

  it('were killed', () => {
    expect(tally.kills).toBeGreaterThanOrEqual(3 * crashesOfRound - 3);
    expect(tally.interrupted).toBeGreaterThan(tally.kills);
  });
});
