import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { tryCrash } from './crash-try';
import { watchOrganisations } from './oracle';
import { randomFrom } from './random-work';
import { endSpareApplication } from './start-application';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const runs = 10;

afterAll(endSpareApplication);

describe.each(faces)('a process killed at any exchange with its servers, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face, recoverEveryMs: 0 });
    await watchOrganisations(world);
  });
  afterAll(() => world.close());

  it.each(Array.from({ length: runs }, (_, index) => index + 1))(
    'leaves both sides equal after recovery, seed %i',
    async (seed) => {
      const { violations } = await tryCrash(world, face, randomFrom(seed));
      expect(violations).toEqual([]);
    },
  );
});
