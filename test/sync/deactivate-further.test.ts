import { SyncError } from '../../src';
import { backfill, verify, type Difference } from '../../src/load';
import { openClubWorld, type ClubModels, type ClubWorld } from '../support/clubs';
import type { Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const namesOf = (clubs: readonly { name: string }[]): string[] =>
  clubs.map(({ name }) => name).sort();

describe.each([true, false])(
  'followed models whose records are made inactive, paranoid %s',
  (paranoid) => {
    let world: ClubWorld;
    let Club: ClubModels['Club'];

    beforeAll(async () => {
      world = await openClubWorld('dataverse', { follow: true, paranoid });
      ({ Club } = world);
    });
    beforeEach(() => world.reset());
    afterAll(() => world.close());

    it('hear of changes of state by the feed', async () => {
      await world.addClub('Chess');
      const go = await world.addClub('Go');
      await world.addClub('Lost', { StateCode: 1 });
      expect(namesOf(await Club.findAll())).toEqual(['Chess', 'Go']);
      await world.setState('Chess', 1);
      await world.legacyCalls();
      expect(namesOf(await Club.findAll())).toEqual(['Go']);
      expect(await world.legacyCalls()).toEqual(['GET accounts']);
      await world.setState('Chess', 0);
      await world.setState('Lost', 0);
      await world.setState('Go', 1);
      expect(namesOf(await Club.findAll())).toEqual(['Chess', 'Lost']);
      const chess = await Club.findOne({ where: { name: 'Chess' } });
      await chess?.destroy();
      expect(await world.states()).toEqual({ Chess: 1, Go: 1, Lost: 0 });
      expect(namesOf(await Club.findAll())).toEqual(['Lost']);
      await world.addMember('Ann', go);
      const [ann] = await world.Member.findAll({ include: ['club'] });
      expect([ann?.club, ann?.clubId === null]).toEqual([null, false]);
      expect(namesOf(await Club.findAll())).toEqual(['Lost']);
      await world.setState('Go', 0);
      expect(namesOf(await Club.findAll())).toEqual(['Go', 'Lost']);
    });
  },
);

describe('stamps of Dynamics 2011 where records are made inactive', () => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];

  beforeAll(async () => {
    world = await openClubWorld('dynamics2011', { follow: true });
    ({ Club } = world);
  });
  afterAll(() => world.close());

  it('tell of changes of state, unlike of deletions', async () => {
    const freshness = { maxAgeMs: 0 };
    await world.addClub('Chess');
    await world.addClub('Go');
    expect(namesOf(await Club.findAll({ freshness }))).toEqual(['Chess', 'Go']);
    await world.setState('Chess', 1);
    expect(namesOf(await Club.findAll({ freshness }))).toEqual(['Go']);
    await world.setState('Chess', 0);
    expect(namesOf(await Club.findAll({ freshness }))).toEqual(['Chess', 'Go']);
  });
});

describe.each(faces)('a state that is mapped, too, %s face', (face) => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];

  beforeAll(async () => {
    world = await openClubWorld(face, { mapsState: true });
    ({ Club } = world);
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('is read and found, and changed by destroy and restore only', async () => {
    const club = await Club.create({ name: 'Chess', state: 0 });
    const other = await Club.create({ name: 'Go' });
    expect([club.state, other.state]).toEqual([0, 0]);
    expect(namesOf(await Club.findAll({ where: { state: 0 } }))).toEqual(['Chess', 'Go']);
    expect(await Club.findAll({ where: { state: 1 } })).toEqual([]);
    await expect(club.update({ state: 1 })).rejects.toThrow(SyncError);
    await expect(Club.update({ state: 1 }, { where: {} })).rejects.toThrow(/destroy\(\)/);
    await expect(Club.create({ name: 'Shogi', state: 1 })).rejects.toThrow(SyncError);
    await club.reload();
    await club.update({ state: 0, size: 4 });
    await club.destroy();
    expect(await world.states()).toEqual({ Chess: 1, Go: 0 });
    await club.restore();
    expect([club.state, club.size]).toEqual([0, 4]);
    await world.setState('Chess', 1);
    expect(namesOf(await Club.findAll())).toEqual(['Go']);
    await world.setState('Chess', 0);
    expect((await Club.findAll()).map(({ state }) => state)).toEqual([0, 0]);
  });
});

describe.each(faces)('loads and repairs where records are made inactive, %s face', (face) => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];

  beforeAll(async () => {
    world = await openClubWorld(face, { paranoid: false, onDelete: 'SET NULL' });
    ({ Club } = world);
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const differences = async (): Promise<string[]> => {
    const found: Difference[] = [];
    const onDifference = (one: Difference): void => void found.push(one);
    await verify(world.dualWrite, { models: ['Club', 'Member'], onDifference });
    return found.map(({ model, kind }) => `${model} ${kind}`).sort();
  };

  it('load what is active, and what refers to others; a verification finds both sides equal', async () => {
    const chess = await world.addClub('Chess');
    const lost = await world.addClub('Lost', { StateCode: 1 });
    await world.addMember('Ann', chess);
    await world.addMember('Cid', lost);
    const report = await backfill(world.dualWrite, { models: ['Club', 'Member'] });
    expect(report).toMatchObject({ rejected: [] });
    expect(await differences()).toEqual([]);
    expect(namesOf(await Club.findAll())).toEqual(['Chess']);
    const members = await world.Member.findAll({ include: ['club'], order: ['name'] });
    expect(members.map(({ club }) => club?.name)).toEqual(['Chess', undefined]);
    expect(members.map(({ clubId }) => clubId)).not.toContain(null);
    await world.setState('Chess', 1);
    expect(await differences()).toEqual(['Club notThere']);
    expect(namesOf(await Club.findAll())).toEqual([]);
    expect(await differences()).toEqual([]);
  });

  it('make the side active, or inactive, that is wrong', async () => {
    const club = await Club.create({ name: 'Chess', size: 1 });
    await world.setState('Chess', 1);
    const sides = await world.dualWrite.inspect('Club', String(club.id));
    expect(sides).toMatchObject({ isLocal: true, isLegacy: false });
    await world.dualWrite.repair('Club', String(club.id), 'local');
    expect(await world.states()).toEqual({ Chess: 0 });
    expect((await Club.findOne())?.legacyId).toBe(club.legacyId);
    await Club.destroy({ where: { id: club.id }, skipLegacy: true });
    await world.dualWrite.repair('Club', String(club.legacyId), 'local');
    expect(await world.states()).toEqual({ Chess: 1 });
    expect(await Club.findAll()).toEqual([]);
  });
});

describe('records that are made inactive with a changeset', () => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];

  beforeAll(async () => {
    world = await openClubWorld('dataverse', { writes: 'changeset' });
    ({ Club } = world);
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('are so with all other writes of the transaction, or not at all', async () => {
    const [chess, go] = await Club.bulkCreate([{ name: 'Chess' }, { name: 'Go' }]);
    await world.sequelize.transaction(async (transaction) => {
      await chess?.destroy({ transaction });
      await go?.update({ size: 3 }, { transaction });
      const brief = await Club.create({ name: 'Brief' }, { transaction });
      await brief.destroy({ transaction });
      expect(namesOf(await Club.findAll({ transaction }))).toEqual(['Go']);
    });
    expect(await world.states()).toEqual({ Chess: 1, Go: 0 });
    expect(namesOf(await Club.findAll())).toEqual(['Go']);
    await world.sequelize.transaction(async (transaction) => {
      await chess?.restore({ transaction });
      await go?.destroy({ transaction });
    });
    expect(await world.states()).toEqual({ Chess: 0, Go: 1 });
    expect(namesOf(await Club.findAll())).toEqual(['Chess']);
    await world.sandbox.failNext({ method: 'PATCH', status: 400, message: 'No.' });
    await expect(
      world.sequelize.transaction(async (transaction) => {
        await chess?.destroy({ transaction });
        await go?.restore({ transaction });
      }),
    ).rejects.toThrow('No.');
    expect(await world.states()).toEqual({ Chess: 0, Go: 1 });
    await world.sequelize.transaction(async (transaction) => {
      await chess?.destroy({ transaction });
      await chess?.restore({ transaction });
    });
    expect(await world.states()).toEqual({ Chess: 0, Go: 1 });
    expect(namesOf(await Club.findAll())).toEqual(['Chess']);
  });
});
