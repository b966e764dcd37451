import { DualWriteError, SyncError } from '../../src';
import { openChangesetWorld, type ChangesetWorld } from '../support/changeset-world';
import { openClubWorld, type ClubModels, type ClubWorld } from '../support/clubs';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe("writes that come late, writes: 'changeset'", () => {
  let world: ChangesetWorld;
  let onWrite: (() => void) | undefined;

  beforeAll(async () => {
    world = await openChangesetWorld({
      onWrite: (_name, values) => {
        onWrite?.();
        return values;
      },
    });
  });
  beforeEach(() => world.reset());
  afterEach(() => {
    onWrite = undefined;
  });
  afterAll(() => world.close());

  it('are sent, too, when nobody has awaited them', async () => {
    const { Organisation } = world.models;
    const late: Promise<unknown>[] = [];
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'A' }, { transaction });
      late.push(Organisation.create({ name: 'B' }, { transaction }));
    });
    await Promise.all(late);
    expect(await world.names()).toEqual(['A', 'B']);
  });

  it('are sent, too, when they begin while the changeset is under way', async () => {
    const { Organisation } = world.models;
    const late: Promise<unknown>[] = [];
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'A' }, { transaction });
      onWrite = () => {
        onWrite = undefined;
        late.push(Organisation.create({ name: 'B' }, { transaction }));
      };
    });
    await Promise.all(late);
    expect(await world.names()).toEqual(['A', 'B']);
  });
});

describe('a create alone in its changeset', () => {
  let world: ChangesetWorld;

  beforeAll(async () => {
    world = await openChangesetWorld();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it.each([400, 500])(
    'stays noted when its repeat is answered with %i, since the first may arrive yet',
    async (status) => {
      const { Organisation } = world.models;
      await world.sandbox.failNext({ method: 'PATCH', form: 'drop' });
      await world.sandbox.failNext({ method: 'PATCH', times: 3, status });
      await expect(Organisation.create({ name: 'Twice' })).rejects.toThrow(DualWriteError);
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1 });
    },
  );
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

  const inactive = async (): Promise<InstanceType<typeof Club>> => {
    const club = await Club.create({ name: 'Chess', size: 1 });
    await club.destroy();
    expect(await world.states()).toEqual({ Chess: 1 });
    return club;
  };

  it('get what the same transaction has changed of them before', async () => {
    const club = await Club.create({ name: 'Chess', size: 1 });
    await world.sequelize.transaction(async (transaction) => {
      await club.update({ size: 7 }, { transaction });
      await club.destroy({ transaction });
    });
    expect(await world.states()).toEqual({ Chess: 1 });
    await club.restore();
    expect(await world.states()).toEqual({ Chess: 0 });
    expect(club.size).toBe(7);
    expect((await Club.findOne())?.size).toBe(7);
  });

  it('stay inactive when what restored them is destroyed again', async () => {
    const club = await inactive();
    await world.sequelize.transaction(async (transaction) => {
      await club.restore({ transaction });
      await club.destroy({ transaction });
    });
    expect(await world.states()).toEqual({ Chess: 1 });
    expect(await Club.findAll()).toEqual([]);
    await world.sequelize.transaction(async (transaction) => {
      await club.restore({ transaction });
      await club.destroy({ transaction });
      await club.restore({ transaction });
    });
    expect(await world.states()).toEqual({ Chess: 0 });
    expect((await Club.findAll()).map(({ name }) => name)).toEqual(['Chess']);
  });

  it('are put back when the COMMIT fails', async () => {
    const club = await inactive();
    const failing = world.sequelize.transaction(async (transaction) => {
      await club.restore({ transaction });
      await club.update({ size: 4 }, { transaction });
      await club.destroy({ transaction });
      await Club.create({ name: 'Go' }, { transaction });
      await world.sandbox.loseResponse({ method: 'BATCH' });
    });
    await expect(failing).rejects.toThrow();
    expect(await world.states()).toEqual({ Chess: 1 });
    expect(await Club.findAll()).toEqual([]);
  });

  it('are made active although CRM users change them meanwhile', async () => {
    const club = await inactive();
    await world.sequelize.transaction(async (transaction) => {
      await club.restore({ transaction });
      const { AccountId } = (await world.sandbox.records('account'))[0] ?? {};
      await world.sandbox.editAsLegacyUser('account', String(AccountId), { NumberOfEmployees: 9 });
      await Club.create({ name: 'Go' }, { transaction });
    });
    expect(await world.states()).toEqual({ Chess: 0, Go: 0 });
    expect((await Club.findAll({ order: ['name'] })).map(({ size }) => size)).toEqual([9, null]);
  });
});

describe("values that wait, writes: 'changeset'", () => {
  let world: ChangesetWorld;

  beforeAll(async () => {
    world = await openChangesetWorld();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('are known for none of the record when what wrote them is rolled back', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const before = await world.sequelize.transaction();
    await row.update({ employees: 2 }, { transaction: before });
    const other = await Organisation.findByPk(row.id, {
      transaction: before,
      rejectOnEmpty: true,
    });
    expect(other.employees).toBe(2);
    await before.rollback();
    await world.sandbox.loseResponse({ method: 'BATCH' });
    const failing = world.sequelize.transaction(async (transaction) => {
      await other.update({ employees: 3 }, { transaction });
      await Organisation.create({ name: 'Never' }, { transaction });
    });
    await expect(failing).rejects.toThrow();
    const [record] = await world.sandbox.records('account');
    expect(record).toMatchObject({ NumberOfEmployees: 1 });
  });

  it('are known for none of the record when only their savepoint is rolled back', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1, telephone: '01' });
    const failing = world.sequelize.transaction(async (transaction) => {
      await row.update({ employees: 2 }, { transaction });
      const savepoint = await world.sequelize.transaction({ transaction });
      await row.update({ telephone: '02' }, { transaction: savepoint });
      await savepoint.rollback();
      await row.update({ telephone: '03' }, { transaction });
      await Organisation.create({ name: 'Never' }, { transaction });
      await world.sandbox.loseResponse({ method: 'BATCH' });
    });
    await expect(failing).rejects.toThrow();
    const [record] = await world.sandbox.records('account');
    expect(record).toMatchObject({ NumberOfEmployees: 1, Telephone1: '01' });
  });
});

describe('rows that are destroyed in the transaction of their creation', () => {
  let world: ClubWorld;

  beforeAll(async () => {
    const chosen = { onDestroy: 'delete', paranoid: false, onDelete: 'SET NULL' } as const;
    world = await openClubWorld('dataverse', { ...chosen, writes: 'changeset' });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('stay destroyed when their records are created for what names them', async () => {
    const { Club, Member } = world;
    await world.sequelize.transaction(async (transaction) => {
      const club = await Club.create({ name: 'Brief' }, { transaction });
      await Member.create({ name: 'Ann', clubId: club.id }, { transaction });
      await club.destroy({ transaction });
    });
    expect(await world.states()).toEqual({});
    expect(await Club.skipLegacy().count()).toBe(0);
    // The CRM deletes members with their club.
    expect(await world.sandbox.records('contact')).toEqual([]);
    expect(await Member.findAll()).toEqual([]);
  });
});

describe('a delete that nobody has awaited', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', recoverEveryMs: 0 });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('is refused when it begins while others are sent, and changes nothing', async () => {
    const { Organisation } = world.models;
    const [first, second] = await Organisation.bulkCreate([{ name: 'First' }, { name: 'Second' }]);
    const late: Promise<unknown>[] = [];
    await world.sandbox.delayNext({ method: 'DELETE', delayMs: 400 });
    await world.sequelize.transaction(async (transaction) => {
      await first?.destroy({ transaction });
      setTimeout(() => {
        late.push(
          second?.destroy({ transaction }).catch((error: unknown) => error) ?? Promise.resolve(),
        );
      }, 200);
    });
    expect(await Promise.all(late)).toEqual([expect.any(SyncError)]);
    expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['Second']);
  });
});
