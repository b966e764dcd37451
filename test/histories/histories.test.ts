import fc from 'fast-check';
import type { Face } from '../support/dual-world';
import { endSpareProcess } from './application-process';
import { history } from './generate';
import { play } from './play';
import { closeStage, openStage, type Stage } from './stage';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const runs = Number(process.env.HISTORIES_RUNS ?? 60);
const seconds = Number(process.env.HISTORIES_SECONDS ?? 10);
/** The same histories each time; `npm run test:histories -- --seed 12345` plays others. */
const seed = Number(process.env.HISTORIES_SEED ?? 20_261_121);

/** Histories are short here; `npm run test:histories` plays thousands of longer ones. */
const maxCommands = 8;

afterAll(endSpareProcess);

describe.each(faces)('whatever is killed, fails or is set, %s face', (face) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(face);
  });
  afterAll(() => closeStage(stage));

  it('leaves both sides as the oracle says', async () => {
    const property = fc.asyncProperty(history(maxCommands), (one) => play(stage, one));
    const details = await fc.check(property, {
      numRuns: runs,
      interruptAfterTimeLimit: seconds * 1000,
      seed,
    });
    // A machine so loaded that not even one ends in time is no fault.
    if (details.counterexample !== null) {
      const found = await fc.asyncDefaultReportMessage(details);
      throw new Error(found, { cause: details.errorInstance });
    }
    expect(stage.tally.histories).toBeGreaterThan(0);
  }, 600_000);
});
