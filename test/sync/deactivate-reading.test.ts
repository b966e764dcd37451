import { openClubWorld, type ClubModels, type ClubOptions, type ClubWorld } from '../support/clubs';
import type { Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const cases: readonly { face: Face; kind: string; options: ClubOptions }[] = [
  ...faces.map((face) => ({ face, kind: 'soft-deleted rows', options: {} })),
  { face: 'dynamics2011', kind: 'deleted rows', options: { paranoid: false } },
  {
    ...{ face: 'dataverse', kind: 'deleted rows with SET NULL' },
    options: { paranoid: false, onDelete: 'SET NULL' },
  },
  {
    ...{ face: 'dynamics2011', kind: 'deleted rows with CASCADE' },
    options: { paranoid: false, onDelete: 'CASCADE' },
  },
];

const clubNames = async ({ Club }: ClubModels): Promise<string[]> =>
  (await Club.findAll()).map(({ name }) => name).sort();

/** The names of all members, with that of the club that is shown with each. */
const membersWithClubs = async ({ Member }: ClubModels): Promise<string[]> =>
  (await Member.findAll({ include: ['club'] }))
    .map(({ name, club }) => `${name} of ${club?.name ?? 'nothing'}`)
    .sort();

describe.each(cases)('reads where records are made inactive, $face face, $kind', (testCase) => {
  const { face, options } = testCase;
  const isParanoid = options.paranoid ?? true;
  let world: ClubWorld;
  let Club: ClubModels['Club'];
  let Member: ClubModels['Member'];

  beforeAll(async () => {
    world = await openClubWorld(face, options);
    ({ Club, Member } = world);
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('removes a row whose record a CRM user makes inactive, and brings it back as the same', async () => {
    const chess = await world.addClub('Chess', { NumberOfEmployees: 3 });
    await world.addClub('Go');
    const before = await Club.findOne({ where: { name: 'Chess' } });
    expect(await clubNames(world)).toEqual(['Chess', 'Go']);
    await world.setState('Chess', 1);
    expect(await clubNames(world)).toEqual(['Go']);
    expect(await Club.findByPk(before?.id)).toBeNull();
    const [deleted] = await Club.deletedVersions();
    expect(deleted?.values).toMatchObject({ name: 'Chess', size: 3 });
    await world.sandbox.editAsLegacyUser('account', chess, { NumberOfEmployees: 4 });
    await world.setState('Chess', 0);
    const after = await Club.findOne({ where: { name: 'Chess' } });
    expect([after?.legacyId, after?.size]).toEqual([chess, 4]);
    if (isParanoid) expect(after?.id).toBe(before?.id);
    expect(await clubNames(world)).toEqual(['Chess', 'Go']);
    expect(await Club.count()).toBe(2);
  });

  it('finds out by whatever reads the row first', async () => {
    const look: Record<string, (id: number) => Promise<unknown>> = {
      key: (id) => Club.findByPk(id),
      condition: async () => (await Club.findAll({ where: { size: 3 } }))[0] ?? null,
      page: async () => (await Club.findAll({ order: ['size'], limit: 1 }))[0] ?? null,
      count: async () => (await Club.count()) || null,
      sum: async () => (await Club.sum('size')) || null,
      reload: async (id) => (await Club.findOne({ where: { id }, raw: true })) ?? null,
    };
    for (const [name, read] of Object.entries(look)) {
      await world.reset();
      await world.addClub('Chess', { NumberOfEmployees: 3 });
      const [club] = await Club.findAll();
      await world.setState('Chess', 1);
      expect([name, await read(club?.id ?? 0)]).toEqual([name, null]);
    }
  });

  it('never shows what was inactive from the beginning', async () => {
    await world.addClub('Chess', { StateCode: 1 });
    await world.addClub('Go');
    expect(await clubNames(world)).toEqual(['Go']);
    expect(await Club.findOne({ where: { name: 'Chess' } })).toBeNull();
    expect(await Club.count({ where: { name: 'Chess' } })).toBe(0);
    expect(await Club.count({ paranoid: false, skipLegacy: true } as object)).toBe(1);
  });

  it('reads records that refer to an inactive one, seen before or not', async () => {
    const chess = await world.addClub('Chess');
    const go = await world.addClub('Go');
    const lost = await world.addClub('Lost', { StateCode: 1 });
    await world.addMember('Ann', chess);
    await world.addMember('Ben', go);
    await world.addMember('Cid', lost);
    expect(await membersWithClubs(world)).toEqual(['Ann of Chess', 'Ben of Go', 'Cid of nothing']);
    const ids = (await Member.findAll({ order: ['name'] })).map(({ clubId }) => clubId);
    expect(ids).not.toContain(null);
    await world.setState('Chess', 1);
    for (let times = 0; times < 2; times += 1) {
      expect(await membersWithClubs(world)).toEqual([
        'Ann of nothing',
        'Ben of Go',
        'Cid of nothing',
      ]);
      expect(await clubNames(world)).toEqual(['Go']);
      const after = await Member.findAll({ order: ['name'] });
      expect(after.map(({ clubId }) => clubId)).toEqual(ids);
    }
    expect(await Member.count({ where: { clubId: ids[2] } })).toBe(1);
    await world.setState('Chess', 0);
    await world.setState('Lost', 0);
    expect(await membersWithClubs(world)).toEqual(['Ann of Chess', 'Ben of Go', 'Cid of Lost']);
    expect((await Member.findAll({ order: ['name'] })).map(({ clubId }) => clubId)).toEqual(ids);
    const clubs = await Club.findAll({ include: ['members'], order: ['name'] });
    expect(clubs.map(({ members }) => members?.map(({ name }) => name))).toEqual([
      ['Ann'],
      ['Ben'],
      ['Cid'],
    ]);
  });

  it('writes records that refer to an inactive one', async () => {
    const chess = await world.addClub('Chess');
    await world.addMember('Ann', chess);
    const [ann] = await Member.findAll();
    await world.setState('Chess', 1);
    expect(await clubNames(world)).toEqual([]);
    await ann?.update({ name: 'Anne' });
    const ben = await Member.create({ name: 'Ben', clubId: ann?.clubId });
    const referred = (await world.sandbox.records('contact')).map(
      (record) => record.ParentCustomerId,
    );
    expect(referred).toEqual([chess, chess]);
    expect(await membersWithClubs(world)).toEqual(['Anne of nothing', 'Ben of nothing']);
    await ben.destroy();
    expect(await membersWithClubs(world)).toEqual(['Anne of nothing']);
  });

  it('asks for active ones only, and says so', async () => {
    const explained = await Club.explainSync({ where: { size: 3 } });
    const condition = face === 'dataverse' ? 'statecode eq 0' : 'StateCode/Value eq 0';
    const [request] = explained.root.requests;
    expect(decodeURIComponent(request?.url ?? '')).toContain(condition);
    expect(explained.root.exact).toBe(true);
    expect(String(explained)).toMatch(/only records count as there whose statecode is 0/i);
  });
});

describe.each(faces)('destroyed rows of a table without deletedAt, %s face', (face) => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];
  let Member: ClubModels['Member'];

  beforeAll(async () => {
    world = await openClubWorld(face, { paranoid: false, onDelete: 'SET NULL' });
    ({ Club, Member } = world);
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('come back by their versions as the same records', async () => {
    const club = await Club.create({ name: 'Chess', size: 3 });
    await club.destroy();
    expect(await world.states()).toEqual({ Chess: 1 });
    const [deleted] = await Club.deletedVersions();
    const back = await deleted?.restore();
    expect(back?.legacyId).toBe(club.legacyId);
    expect(await world.states()).toEqual({ Chess: 0 });
    expect(await clubNames(world)).toEqual(['Chess']);
    await back?.update({ size: 4 });
    expect(await world.sandbox.record('account', String(club.legacyId))).toMatchObject({
      NumberOfEmployees: 4,
    });
  });

  it('come back with what the version says where CRM users have changed the record', async () => {
    const club = await Club.create({ name: 'Chess', size: 3 });
    await club.destroy();
    const key = String(club.legacyId);
    await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 9 });
    const [deleted] = await Club.deletedVersions();
    await deleted?.restore();
    expect(await world.sandbox.record('account', key)).toMatchObject({ NumberOfEmployees: 3 });
    await world.sandbox.deleteAsLegacyUser('account', key);
    expect(await clubNames(world)).toEqual([]);
    const [again] = await Club.deletedVersions();
    const successor = await again?.restore();
    expect(await world.states()).toEqual({ Chess: 0 });
    expect(await clubNames(world)).toEqual(['Chess']);
    expect(successor?.size).toBe(3);
  });

  it('leave members whose records refer to them still', async () => {
    const club = await Club.create({ name: 'Chess' });
    await Member.create({ name: 'Ann', clubId: club.id });
    await club.destroy();
    expect(await membersWithClubs(world)).toEqual(['Ann of nothing']);
    await world.setState('Chess', 0);
    expect(await membersWithClubs(world)).toEqual(['Ann of Chess']);
    expect(await clubNames(world)).toEqual(['Chess']);
  });
});
