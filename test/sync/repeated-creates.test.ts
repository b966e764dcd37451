import { LegacyResponseError } from '../../legacy-client';
import { DualWriteError } from '../../src';
import { openIntents } from '../support/agreement';
import { openDualWorld, type DualWorld } from '../support/dual-world';

/** Only there a create is repeated: under a key of our own. */
describe('a create whose first try was carried out without an answer, on Dataverse', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', recoverEveryMs: 0 });
  });
  beforeEach(async () => {
    await world.sequelize.query('DELETE FROM dual_write_intents');
    await world.reset();
  });
  afterAll(() => world.close());

  const letTimePass = async (): Promise<void> => {
    await world.sequelize.query(
      `UPDATE dual_write_intents SET noted_at = noted_at - interval '1 day'`,
    );
    await world.dualWrite.recover();
  };

  it.each([
    ['is refused', { status: 400 }],
    ['is forbidden', { status: 403 }],
    ['is refused by a plug-in', { status: 500 }],
  ])('leaves nothing when its repeat %s', async (_title, refusal) => {
    const { Organisation } = world.models;
    await world.sandbox.loseResponse({ method: 'PATCH' });
    await world.sandbox.failNext({ method: 'PATCH', times: 3, ...refusal });
    await expect(Organisation.create({ name: 'Twice' })).rejects.toThrow();
    await letTimePass();
    expect(await world.sandbox.records('account')).toEqual([]);
    expect(await Organisation.count()).toBe(0);
  });

  it('leaves nothing at once when each try was answered, although the first was carried out', async () => {
    const { Organisation } = world.models;
    await world.sandbox.failNext({ method: 'PATCH', status: 500, afterApplying: true });
    await world.sandbox.failNext({ method: 'PATCH', status: 400 });
    await expect(Organisation.create({ name: 'Twice' })).rejects.toThrow(LegacyResponseError);
    expect(await world.sandbox.records('account')).toEqual([]);
    expect(await openIntents(world)).toEqual([]);
  });

  it('stays noted when its repeat is refused, since the first may arrive yet', async () => {
    const { Organisation } = world.models;
    await world.sandbox.failNext({ method: 'PATCH', form: 'drop' });
    await world.sandbox.failNext({ method: 'PATCH', status: 400 });
    await expect(Organisation.create({ name: 'Twice' })).rejects.toThrow(DualWriteError);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1 });
    await letTimePass();
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0 });
  });
});
