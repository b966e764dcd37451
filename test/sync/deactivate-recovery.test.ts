import { killAtPoint, killPoints, untilArrived, type Attempt } from '../crash/kill-points';
import { deactivating } from '../crash/deactivating';
import { clearWorld, endQuarantine, openNotes, watchOrganisations } from '../crash/oracle';
import { endSpareApplication } from '../crash/start-application';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const doomed = '00000000-0000-4000-8000-000000000002';
const [unsent, underWay, carriedOut, answered] = killPoints;

afterAll(endSpareApplication);

describe.each(faces)('recovery of states after a process was killed, %s face', (face) => {
  let world: DualWorld;
  let attempt: Attempt;

  beforeAll(async () => {
    const remap = (migrators: readonly ReturnType<typeof deactivating>[]): typeof migrators =>
      migrators.map(deactivating);
    world = await openDualWorld({ face, recoverEveryMs: 0, remap });
    await watchOrganisations(world);
    attempt = {
      ...{ world, face, chosen: { deactivates: true } },
      work: [{ kind: 'destroy', model: 'Organisation', id: doomed }],
      method: face === 'dataverse' ? 'PATCH' : 'SETSTATE',
    };
  });
  beforeEach(async () => {
    await clearWorld(world);
    await world.models.Organisation.create({ id: doomed, name: 'Doomed', employees: 5 });
    await world.dualWrite.recover();
    const [record] = await world.sandbox.records('account');
    const own = { StatusCode: 100_000_005 };
    await world.sandbox.editAsLegacyUser('account', String(record?.AccountId), own);
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    expect((await openNotes(world)).intents).toBe(0);
  });
  afterAll(() => world.close());

  const states = async (): Promise<unknown[]> =>
    (await world.sandbox.records('account')).map(({ StateCode, StatusCode }) => [
      StateCode,
      StatusCode,
    ]);
  const expectPutBack = async (): Promise<void> => {
    expect(await states()).toEqual([[0, 100_000_005]]);
    const rows = await world.models.Organisation.findAll();
    expect(rows.map(({ id, name }) => [id, name])).toEqual([[doomed, 'Doomed']]);
  };

  it(`${unsent}: is in doubt until the quarantine is over`, async () => {
    await killAtPoint(unsent, attempt);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
    await endQuarantine(world);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
    await expectPutBack();
  });

  it(`${underWay}: is put back when it has arrived`, async () => {
    await killAtPoint(underWay, attempt);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
    await untilArrived(attempt);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
    await expectPutBack();
  });

  it.each([carriedOut, answered])('%s: is put back at once', async (point) => {
    await killAtPoint(point, attempt);
    expect(await states()).toEqual([[1, 2]]);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
    await expectPutBack();
  });
});
