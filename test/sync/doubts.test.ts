import { DualWriteError, type NotedWrite } from '../../src';
import { openClubWorld, type ClubWorld } from '../support/clubs';
import type { Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

/** Why each write is open, and what `status()` says of it. */
describe.each(faces)('what is in doubt says why, %s face', (face) => {
  let world: ClubWorld;
  const update = face === 'dataverse' ? 'PATCH' : 'MERGE';

  beforeAll(async () => {
    world = await openClubWorld(face, { onDestroy: 'delete' });
  });
  beforeEach(async () => {
    await world.sequelize.query('TRUNCATE dual_write_intents, dual_write_done');
    await world.reset();
  });
  afterAll(() => world.close());

  const open = async (): Promise<readonly NotedWrite[]> => {
    await world.dualWrite.recover();
    return (await world.dualWrite.status()).open;
  };
  /** Roll a transaction back that has changed a club, or made it. */
  const rolledBack = async (inBetween: (key: string) => Promise<unknown>): Promise<void> => {
    const transaction = await world.sequelize.transaction();
    const club = await world.Club.create({ name: 'Chess', size: 1 }, { transaction });
    await inBetween(String(club.legacyId));
    await expect(transaction.rollback()).rejects.toThrow(DualWriteError);
  };

  it('a request that may still arrive', async () => {
    const club = await world.Club.create({ name: 'Chess', size: 1 });
    await world.sandbox.failNext({ method: update, form: 'drop', times: 10 });
    await expect(club.update({ size: 2 })).rejects.toThrow(/may still arrive/);
    expect(await open()).toEqual([
      {
        model: 'Club',
        id: String(club.id),
        legacyId: club.legacyId,
        operation: 'update',
        notedAt: expect.any(Date) as Date,
        isUnderWay: false,
        doubt: 'its request may still arrive, until settleAfterMs is over',
      },
    ]);
  });

  it('a field that somebody has changed since', async () => {
    await rolledBack((key) =>
      world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 9 }),
    );
    const [write] = await open();
    expect(write?.doubt).toBe(
      'somebody has changed the record since (size); decide with "dual-write repair"',
    );
  });

  it('a record that somebody refers to', async () => {
    await rolledBack((key) => world.addMember('Ann', key));
    const [write] = await open();
    expect(write?.doubt).toMatch(/a Member refers to the record/);
  });

  it('what the service says to the undoing', async () => {
    await rolledBack(() => world.sandbox.failNext({ method: 'DELETE', status: 403 }));
    const [noted] = (await world.dualWrite.status()).open;
    expect(noted?.doubt).toMatch(/403|forbidden|may not/i);
    await world.dualWrite.recover();
    expect(await world.states()).toEqual({});
  });

  it('a model that is not mapped any more', async () => {
    await world.sequelize.query(
      `INSERT INTO dual_write_intents
         (id, unit, sequence, operation, model, local_id, legacy_id, sent, before)
       VALUES (4712, gen_random_uuid(), 0, 'update', 'Former', '1', NULL, '{}', '{}')`,
    );
    const [write] = await open();
    expect(write).toMatchObject({ model: 'Former', doubt: expect.stringContaining('migrator') });
  });

  it('a write that is under way', async () => {
    const club = await world.Club.create({ name: 'Chess', size: 1 });
    await world.sequelize.transaction(async (transaction) => {
      await club.update({ size: 2 }, { transaction });
      expect(await open()).toMatchObject([{ isUnderWay: true, doubt: null }]);
    });
    expect(await open()).toEqual([]);
  });
});

describe('a database that is not prepared', () => {
  it('is told of, with what to do', async () => {
    const world = await openClubWorld('dynamics2011');
    try {
      await world.sequelize.query('DROP TABLE dual_write_intents');
      await expect(world.dualWrite.recover()).rejects.toThrow(/dualWrite\.prepare\(\)/);
      await expect(world.dualWrite.status()).rejects.toThrow(/dualWrite\.prepare\(\)/);
    } finally {
      await world.close();
    }
  });
});

describe('a create in doubt whose key only the service knows', () => {
  let world: ClubWorld;

  beforeAll(async () => {
    world = await openClubWorld('dynamics2011', {
      clientKeys: false,
      capabilities: { clientKeys: 'no' },
    });
  });
  afterAll(() => world.close());

  it('is counted and listed', async () => {
    await world.sandbox.failNext({ method: 'POST', form: 'drop' });
    await expect(world.Club.create({ name: 'Chess' })).rejects.toThrow(DualWriteError);
    const { models, open } = await world.dualWrite.status();
    expect(models.find(({ model }) => model === 'Club')).toMatchObject({ inDoubt: 1 });
    expect(open).toMatchObject([{ model: 'Club', legacyId: null, operation: 'create' }]);
  });
});
