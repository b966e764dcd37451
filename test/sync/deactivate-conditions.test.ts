import type { Transaction } from 'sequelize';
import { UnitOfWork } from '../../src/model/unit-of-work';
import {
  openClubWorld,
  type Club as ClubRow,
  type ClubModels,
  type ClubWorld,
} from '../support/clubs';

describe.each(['immediate', 'changeset'] as const)(
  "changes of state that a CRM user makes before ours is sent, writes: '%s'",
  (writes) => {
    let world: ClubWorld;
    let Club: ClubModels['Club'];

    beforeAll(async () => {
      world = await openClubWorld('dataverse', { writes });
      Club = world.Club;
    });
    beforeEach(() => world.reset());
    afterEach(async () => {
      const [[row]] = (await world.sequelize.query(
        `SELECT count(*)::int AS count FROM dual_write_intents i
          WHERE NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`,
      )) as unknown as [[{ count: number }]];
      expect(row.count).toBe(0);
    });
    afterAll(() => world.close());

    const stateOf = async (club: ClubRow): Promise<unknown[]> => {
      const record = await world.sandbox.record('account', String(club.legacyId));
      return [record?.StateCode, record?.StatusCode];
    };
    const edit = (club: ClubRow, values: Record<string, number>): Promise<unknown> =>
      world.sandbox.editAsLegacyUser('account', String(club.legacyId), values);
    const names = async (): Promise<string[]> =>
      (await Club.findAll({ order: ['name'] })).map(({ name }) => name);
    /** Fail when everything was sent. */
    const failAtEnd = (transaction: Transaction): void => {
      const deliver = (): Promise<never> => Promise.reject(new Error('No.'));
      UnitOfWork.of(transaction).enlist({}, () => ({ deliver }));
    };

    it('stands when ours is taken back', async () => {
      const club = await Club.create({ name: 'Chess' });
      const work = world.sequelize.transaction(async (transaction) => {
        await club.destroy({ transaction });
        failAtEnd(transaction);
        await edit(club, { StateCode: 1, StatusCode: 100_000_007 });
      });
      await expect(work).rejects.toThrow('No.');
      expect(await stateOf(club)).toEqual([1, 100_000_007]);
      expect(await names()).toEqual([]);
    });

    it('is all that is needed when the transaction commits', async () => {
      const club = await Club.create({ name: 'Chess' });
      await world.sequelize.transaction(async (transaction) => {
        await club.destroy({ transaction });
        await edit(club, { StateCode: 1, StatusCode: 100_000_007 });
      });
      expect(await stateOf(club)).toEqual([1, 100_000_007]);
      expect(await names()).toEqual([]);
    });

    it('is what ours is taken back to, where it is of the reason alone', async () => {
      const club = await Club.create({ name: 'Chess' });
      const work = world.sequelize.transaction(async (transaction) => {
        await club.destroy({ transaction });
        failAtEnd(transaction);
        await edit(club, { StatusCode: 100_000_007 });
      });
      await expect(work).rejects.toThrow('No.');
      expect(await stateOf(club)).toEqual([0, 100_000_007]);
      expect(await names()).toEqual(['Chess']);
    });

    it('is met in bulk', async () => {
      const clubs = await Club.bulkCreate(
        ['Bridge', 'Chess', 'Draughts', 'Go'].map((name) => ({ name })),
      );
      const [, chess, draughts, go] = clubs as [ClubRow, ClubRow, ClubRow, ClubRow];
      const destroyAll = async (transaction: Transaction): Promise<void> => {
        await Club.destroy({ where: { name: ['Bridge', 'Chess', 'Draughts'] }, transaction });
        await go.update({ size: 1 }, { transaction });
        await go.destroy({ transaction });
        await edit(chess, { StateCode: 1, StatusCode: 100_000_007 });
        await edit(draughts, { StatusCode: 100_000_008 });
      };
      const work = world.sequelize.transaction(async (transaction) => {
        await destroyAll(transaction);
        failAtEnd(transaction);
      });
      await expect(work).rejects.toThrow('No.');
      const states = await Promise.all(clubs.map(stateOf));
      expect(states).toEqual([
        [0, 1],
        [1, 100_000_007],
        [0, 100_000_008],
        [0, 1],
      ]);
      expect(await names()).toEqual(['Bridge', 'Draughts', 'Go']);
      await edit(chess, { StateCode: 0, StatusCode: 1 });
      await world.sequelize.transaction(destroyAll);
      expect(await world.states()).toEqual({ Bridge: 1, Chess: 1, Draughts: 1, Go: 1 });
      expect(await stateOf(chess)).toEqual([1, 100_000_007]);
      expect(await names()).toEqual([]);
      await Club.restore({ where: { name: 'Bridge' } });
      expect(await names()).toEqual(['Bridge']);
    });

    it('is no reason to keep a record that was deleted', async () => {
      const club = await Club.create({ name: 'Chess' });
      await world.sequelize.transaction(async (transaction) => {
        await club.destroy({ transaction });
        await world.sandbox.deleteAsLegacyUser('account', String(club.legacyId));
      });
      expect(await names()).toEqual([]);
    });
  },
);
