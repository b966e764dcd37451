import type { Transaction } from 'sequelize';
import { UnitOfWork } from '../../src/model/unit-of-work';
import {
  openClubWorld,
  type Club as ClubRow,
  type ClubModels,
  type ClubWorld,
} from '../support/clubs';

const kinds = [
  ['dynamics2011', 'immediate'],
  ['dataverse', 'immediate'],
  ['dataverse', 'changeset'],
] as const;

describe.each(kinds)('restoring, %s face, writes: %s', (face, writes) => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];

  beforeAll(async () => {
    world = await openClubWorld(face, { writes });
    Club = world.Club;
  });
  beforeEach(() => world.reset());
  afterEach(() => {
    for (const name of ['beforeRestore', 'beforeUpdate', 'beforeSave'] as const) {
      Club.removeHook(name, 'own');
    }
  });
  afterAll(() => world.close());

  const recordOf = async (club: ClubRow): Promise<unknown[]> => {
    const record = await world.sandbox.record('account', String(club.legacyId));
    return [record?.StateCode, record?.StatusCode, record?.NumberOfEmployees];
  };
  const edit = (club: ClubRow, values: Record<string, number>): Promise<unknown> =>
    world.sandbox.editAsLegacyUser('account', String(club.legacyId), values);
  const both = async (club: ClubRow): Promise<unknown[]> => {
    const row = await Club.skipLegacy().findByPk(club.id);
    const [state, , size] = await recordOf(club);
    expect(row?.size).toBe(size);
    expect(row?.modifiedAt).toEqual(row?.legacyModifiedAt);
    return [state, size];
  };

  it('is taken back with the status reason, whatever was changed with it', async () => {
    const club = await Club.create({ name: 'Chess', size: 1 });
    await club.destroy();
    await edit(club, { StatusCode: 100_000_008 });
    const ways = [
      (transaction: Transaction) => club.restore({ transaction }),
      async (transaction: Transaction) => {
        await club.restore({ transaction });
        await club.update({ size: 2 }, { transaction });
      },
      async (transaction: Transaction) => {
        club.size = 3;
        await club.restore({ transaction });
      },
      (transaction: Transaction) => Club.restore({ where: { name: 'Chess' }, transaction }),
    ];
    for (const way of ways) {
      const transaction = await world.sequelize.transaction();
      // It fails after everything was sent, whenever that is.
      const deliver = (): Promise<never> => Promise.reject(new Error('No.'));
      UnitOfWork.of(transaction).enlist({}, () => ({ deliver }));
      await way(transaction);
      await expect(transaction.commit()).rejects.toThrow('No.');
      expect(await recordOf(club)).toEqual([1, 100_000_008, 1]);
      await club.reload({ paranoid: false, skipLegacy: true });
    }
  });

  it('sends what a hook sets', async () => {
    const club = await Club.create({ name: 'Chess', size: 1 });
    await club.destroy();
    Club.addHook('beforeRestore', 'own', (row) => {
      row.set({ size: 7 });
    });
    await club.restore();
    expect(await both(club)).toEqual([0, 7]);
  });

  it.each(['beforeUpdate', 'beforeSave'] as const)(
    'sends what %s sets of a row that is saved as restored',
    async (name) => {
      const club = await Club.create({ name: 'Chess', size: 1 });
      await club.destroy();
      Club.addHook(name, 'own', (row: ClubRow) => {
        row.set({ size: 7 });
      });
      club.setDataValue('deletedAt' as never, null as never);
      await club.save();
      expect(await both(club)).toEqual([0, 7]);
    },
  );
});

describe.each(kinds)('coming back by a version, %s face, writes: %s', (face, writes) => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];

  beforeAll(async () => {
    world = await openClubWorld(face, { writes, paranoid: false });
    Club = world.Club;
  });
  beforeEach(() => world.reset());
  afterEach(() => {
    Club.removeHook('beforeCreate', 'own');
  });
  afterAll(() => world.close());

  it.each([null, 3])('sends what a hook sets, instead of %s', async (size) => {
    const club = await Club.create({ name: 'Chess', size });
    await club.destroy();
    Club.addHook('beforeCreate', 'own', (row) => {
      row.set({ size: 7 });
    });
    const [deleted] = await Club.deletedVersions();
    const back = await deleted?.restore();
    expect(back?.size).toBe(7);
    expect(await world.sandbox.record('account', String(club.legacyId))).toMatchObject({
      ...{ StateCode: 0, NumberOfEmployees: 7 },
    });
    expect((await Club.findOne())?.size).toBe(7);
  });

  it('sends what a hook sets of a row that is created for its record, and nothing else', async () => {
    const club = await Club.create({ name: 'Chess', size: 3 });
    const { legacyId } = club;
    await club.destroy();
    const again = await Club.create({ name: 'Chess again', legacyId });
    expect(again.size).toBe(3);
    await again.destroy();
    Club.addHook('beforeCreate', 'own', (row) => {
      row.set({ size: 7 });
    });
    await Club.create({ name: 'Chess', legacyId });
    expect(await world.sandbox.record('account', String(legacyId))).toMatchObject({
      ...{ StateCode: 0, Name: 'Chess', NumberOfEmployees: 7 },
    });
    expect((await Club.findOne())?.size).toBe(7);
  });
});
