import { DualWriteError, InDoubtError } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';

let world: DualWorld;

beforeAll(async () => {
  world = await openDualWorld({ recoverEveryMs: 0 });
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => world.close());

test('a write waits no longer for an open one when the clock is set back', async () => {
  const row = await world.models.Organisation.create({ name: 'Kept', employees: 1 });
  await world.sandbox.failNext({ method: 'MERGE', form: 'drop' });
  await expect(row.update({ employees: 2 })).rejects.toThrow(DualWriteError);
  const { now } = Date;
  const beganAt = now();
  // An hour back, while the write waits.
  const isEarly = (): boolean => now() - beganAt < 300;
  jest.spyOn(Date, 'now').mockImplementation(() => now() - (isEarly() ? 0 : 3_600_000));
  await expect(row.update({ employees: 3 })).rejects.toThrow(InDoubtError);
  expect(now() - beganAt).toBeLessThan(15_000);
}, 20_000);
