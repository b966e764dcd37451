import { DualWriteError, LegacyError } from '../../src';
import type { Organisation } from '../../models';
import { endQuarantine } from '../crash/oracle';
import { openIntents } from '../support/agreement';
import { openDualWorld, type DualWorld } from '../support/dual-world';

/** There an update is answered with nothing, and the record is read afterwards. */
describe('updates that are applied, and cannot be read afterwards, dynamics2011 face', () => {
  let world: DualWorld;
  let kept: Organisation;
  /** How many reads the service refuses after the next write. */
  let refused = 0;

  beforeAll(async () => {
    world = await openDualWorld({
      recoverEveryMs: 0,
      onWrite: (_name, values) => {
        const times = refused;
        refused = 0;
        if (times > 0) void world.sandbox.failNext({ method: 'GET', status: 403, times });
        return values;
      },
    });
  });
  beforeEach(async () => {
    await world.reset();
    kept = await world.models.Organisation.create({ name: 'Kept', employees: 1 });
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const both = async (): Promise<unknown[]> => {
    const records = await world.sandbox.records('account');
    const rows = await world.models.Organisation.skipLegacy().findAll({ order: ['name'] });
    return [
      records.map(({ Name, NumberOfEmployees }) => [Name, NumberOfEmployees]).sort(),
      rows.map(({ name, employees }) => [name, employees]),
    ];
  };

  it('are undone, and the error reaches the caller', async () => {
    refused = 1;
    const error: unknown = await kept.update({ employees: 2 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LegacyError);
    expect(error).not.toBeInstanceOf(DualWriteError);
    expect(await both()).toEqual([[['Kept', 1]], [['Kept', 1]]]);
    expect(await openIntents(world)).toEqual([]);
  });

  it('are undone alone, in a transaction that goes on', async () => {
    const { Organisation } = world.models;
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'Made', employees: 7 }, { transaction });
      refused = 1;
      await expect(kept.update({ employees: 2 }, { transaction })).rejects.toThrow(LegacyError);
    });
    const sides = [
      ['Kept', 1],
      ['Made', 7],
    ];
    expect(await both()).toEqual([sides, sides]);
  });

  it('are in doubt while the record cannot be read', async () => {
    refused = 2;
    await expect(kept.update({ employees: 2 })).rejects.toThrow(DualWriteError);
    expect(await both()).toEqual([[['Kept', 2]], [['Kept', 1]]]);
    expect(await openIntents(world)).toHaveLength(1);
    await endQuarantine(world);
    expect(await world.dualWrite.recover()).toMatchObject({ undone: 1, 'in doubt': 0 });
    expect(await both()).toEqual([[['Kept', 1]], [['Kept', 1]]]);
  });
});
