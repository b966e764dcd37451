import fc from 'fast-check';
import type { Face } from '../../support/dual-world';
import { sequence } from './generate/sequences';
import { play } from './play';
import { openStage, type Stage } from './stage';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const runs = Number(process.env.EXACTNESS_RUNS ?? 100);
const seed = process.env.EXACTNESS_SEED;

describe.each(faces)('whatever happens, %s face', (face) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(face);
  });
  afterAll(() => stage.world.close());

  it('answers and writes as the oracle says', async () => {
    await fc.assert(
      fc.asyncProperty(sequence(12), (one) => play(stage, one)),
      { numRuns: runs, ...(seed !== undefined && { seed: Number(seed) }) },
    );
  }, 300_000);
});
