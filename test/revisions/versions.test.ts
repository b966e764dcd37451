import { Op, type Sequelize } from 'sequelize';
import { TimestampedModel } from '../../src/model/timestamped-model';
import { revision, RevisionError } from '../../src/revisions';
import { type Fleet, openFleet } from './fleet';
import { Berth, Sailor, Ship } from './models';

let fleet: Fleet;
let sequelize: Sequelize;

beforeAll(async () => {
  fleet = await openFleet();
  ({ sequelize } = fleet);
});

afterAll(() => fleet.close());

beforeEach(() => fleet.clear());

/** Model, kind and name of all versions, oldest first. */
async function allVersions(): Promise<string[]> {
  const [rows] = await sequelize.query(
    `SELECT model || ' ' || kind || ' ' || coalesce("values"->>'name', "values"->>'fullName', "values"->>'deck') AS line
     FROM record_versions ORDER BY id`,
  );
  return (rows as { line: string }[]).map(({ line }) => line);
}

async function revisionCount(): Promise<number> {
  const [rows] = await sequelize.query('SELECT count(*)::int AS count FROM record_revisions');
  return (rows as { count: number }[])[0]?.count ?? -1;
}

describe('every call of Sequelize that writes', () => {
  it('notes save, update and destroy of an instance', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    await ship.update({ name: 'Bea' });
    await ship.increment('crew', { by: 2 });
    await ship.destroy();
    expect(await allVersions()).toEqual([
      'Ship created Ada',
      'Ship updated Bea',
      'Ship updated Bea',
      'Ship deleted Bea',
    ]);
    expect(await revisionCount()).toBe(4);
  });

  it('writes nothing for a save that changes nothing', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    await ship.save();
    await sequelize.transaction(async (transaction) => {
      await ship.save({ transaction });
      ship.name = 'Ada';
      await ship.save({ fields: ['name'], transaction });
    });
    expect(await allVersions()).toEqual(['Ship created Ada']);
    expect(await revisionCount()).toBe(1);
  });

  it('notes what a hook changes of an unchanged record', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    const hook = (record: Ship): void => {
      record.crew = 7;
    };
    Ship.addHook('beforeUpdate', 'crew', hook);
    try {
      await ship.save();
    } finally {
      Ship.removeHook('beforeUpdate', 'crew');
    }
    expect((await ship.versions())[0]?.values).toMatchObject({ crew: 7 });
  });

  it('notes bulkCreate, with and without hooks, answers and keys', async () => {
    await Ship.bulkCreate([{ name: 'Ada' }, { name: 'Bea' }]);
    await Ship.bulkCreate([{ name: 'Cia' }], { hooks: false });
    const [sailor] = await Sailor.bulkCreate([{ fullName: 'Dan' }], { returning: false });
    await Sailor.bulkCreate([{ fullName: 'Eve' }], { individualHooks: true });
    expect(sailor?.dataValues).not.toHaveProperty('xmax');
    expect(await allVersions()).toEqual([
      'Ship created Ada',
      'Ship created Bea',
      'Ship created Cia',
      'Sailor created Dan',
      'Sailor created Eve',
    ]);
  });

  it('tells inserted rows from updated ones', async () => {
    const ada = await Ship.create({ name: 'Ada', crew: 1 });
    const [ship, bea] = await Ship.bulkCreate(
      [
        { id: ada.id, name: 'Ada', crew: 2 },
        { name: 'Bea', crew: 3 },
      ],
      { updateOnDuplicate: ['crew'], conflictAttributes: ['id'] },
    );
    expect(ship?.get()).not.toHaveProperty('xmax');
    expect(bea?.createdAt).toBeInstanceOf(Date);
    const [upserted] = await Ship.upsert({ name: 'Bea', crew: 4 }, { conflictFields: ['name'] });
    expect(upserted.id).toBe(bea?.id);
    expect(upserted.get()).not.toHaveProperty('xmax');
    await Ship.upsert({ name: 'Cia' }, { returning: false });
    expect(await allVersions()).toEqual([
      'Ship created Ada',
      'Ship created Bea',
      'Ship updated Ada',
      'Ship updated Bea',
      'Ship created Cia',
    ]);
  });

  it('leaves out the duplicates that a bulk insert ignores', async () => {
    await Ship.create({ name: 'Bea' });
    await Ship.bulkCreate([{ name: 'Ada' }, { name: 'Bea' }, { name: 'Cia' }], {
      ignoreDuplicates: true,
    });
    expect(await allVersions()).toEqual([
      'Ship created Bea',
      'Ship created Ada',
      'Ship created Cia',
    ]);
  });

  it('notes children and links created with their parent', async () => {
    await Ship.create({ name: 'Ada', Sailors: [{ fullName: 'Dan' }] } as never, {
      include: [Sailor],
    });
    await Ship.bulkCreate([{ name: 'Bea', Sailors: [{ fullName: 'Eve' }] } as never], {
      include: [Sailor],
    });
    const lines = await allVersions();
    expect(lines.sort()).toEqual([
      'Berth created 1',
      'Berth created 1',
      'Sailor created Dan',
      'Sailor created Eve',
      'Ship created Ada',
      'Ship created Bea',
    ]);
  });

  it('notes findOrCreate', async () => {
    const [, created] = await Ship.findOrCreate({ where: { name: 'Ada' } });
    const [, again] = await Ship.findOrCreate({ where: { name: 'Ada' } });
    expect([created, again]).toEqual([true, false]);
    expect(await allVersions()).toEqual(['Ship created Ada']);
  });

  it('keeps what static update gives', async () => {
    await Ship.bulkCreate([{ name: 'Ada' }, { name: 'Bea' }, { name: 'Cia' }]);
    expect(await Ship.update({ crew: 3 }, { where: { name: ['Ada', 'Bea'] } })).toEqual([2]);
    expect(await Ship.update({ crew: 3 }, { where: { name: 'nobody' } })).toEqual([0]);
    const [count, rows] = await Ship.update({ crew: 4 }, { where: {}, returning: true, limit: 1 });
    expect([count, rows[0]?.crew]).toEqual([3, 4]);
    const [, some] = await Ship.update(
      { crew: 5 },
      { where: { name: 'Ada' }, returning: ['crew'] },
    );
    expect(some[0]?.crew).toBe(5);
    const hooked = await Ship.update(
      { crew: 6 },
      { where: { name: 'Bea' }, individualHooks: true },
    );
    expect(hooked).toEqual([1, [expect.any(Ship)]]);
    expect((await allVersions()).slice(3).sort()).toEqual([
      'Ship updated Ada',
      'Ship updated Ada',
      'Ship updated Ada',
      'Ship updated Bea',
      'Ship updated Bea',
      'Ship updated Bea',
      'Ship updated Cia',
    ]);
  });

  it('keeps what static increment gives', async () => {
    await Ship.bulkCreate([
      { name: 'Ada', crew: 1 },
      { name: 'Bea', crew: 1 },
    ]);
    const [rows] = await Ship.increment('crew', { by: 2, where: { name: 'Ada' } });
    expect(rows).toEqual([[expect.objectContaining({ name: 'Ada', crew: 3 })], 1]);
    const silent = await Ship.increment('crew', {
      where: { name: 'Ada' },
      returning: false,
    } as object);
    expect(silent).toEqual([[[], 1]]);
    await Ship.decrement({ crew: 2 }, { where: { crew: { [Op.gt]: 3 } } });
    expect((await allVersions()).slice(2)).toEqual([
      'Ship updated Ada',
      'Ship updated Ada',
      'Ship updated Ada',
    ]);
    expect((await Ship.findOne({ where: { name: 'Ada' } }))?.crew).toBe(2);
  });

  it('notes static destroy, limited too, and truncate', async () => {
    await Ship.bulkCreate(['Ada', 'Bea', 'Cia', 'Dea'].map((name) => ({ name })));
    expect(await Ship.destroy({ where: { name: ['Ada', 'nobody'] } })).toBe(1);
    expect(await Ship.destroy({ where: { name: { [Op.ne]: 'Bea' } }, limit: 1 })).toBe(1);
    await Ship.destroy({ truncate: true, cascade: true });
    const deleted = (await allVersions()).slice(4);
    expect(deleted.sort()).toEqual([
      'Ship deleted Ada',
      'Ship deleted Bea',
      'Ship deleted Cia',
      'Ship deleted Dea',
    ]);
    expect(await Ship.count()).toBe(0);
  });

  it('destroys within the scope only', async () => {
    await Ship.bulkCreate([
      { name: 'Ada', crew: 1 },
      { name: 'Bea', crew: 2 },
    ]);
    const Small = Ship.scope({ where: { crew: 1 } }) as typeof Ship;
    expect(await Small.destroy({ where: { name: ['Ada', 'Bea'] } })).toBe(1);
    expect(await Small.destroy({ where: { crew: 2 } })).toBe(1);
    expect((await allVersions()).slice(2)).toEqual(['Ship deleted Ada', 'Ship deleted Bea']);
  });

  it('notes soft deletion and its end, on instances and in bulk', async () => {
    const dan = await Sailor.create({ fullName: 'Dan' });
    await dan.destroy();
    await dan.restore();
    expect(await Sailor.destroy({ where: { fullName: 'Dan' } })).toBe(1);
    await expect(Sailor.restore({ where: { fullName: 'Dan' } })).resolves.toBe(1);
    await dan.destroy({ force: true });
    expect(await allVersions()).toEqual([
      'Sailor created Dan',
      'Sailor deleted Dan',
      'Sailor updated Dan',
      'Sailor deleted Dan',
      'Sailor updated Dan',
      'Sailor deleted Dan',
    ]);
  });

  it('notes keys of two columns', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    const dan = await Sailor.create({ fullName: 'Dan' });
    const berth = await Berth.create({ shipId: ship.id, sailorId: dan.id });
    await Berth.update({ deck: 2 }, { where: { shipId: ship.id } });
    await Berth.increment('deck', { where: { shipId: ship.id } });
    expect(await Berth.destroy({ where: { deck: 3 } })).toBe(1);
    expect(await Berth.destroy({ where: { deck: 3 } })).toBe(0);
    const versions = await berth.versions();
    expect(versions.map((version) => [version.kind, version.values.deck])).toEqual([
      ['deleted', 3],
      ['updated', 3],
      ['updated', 2],
      ['created', 1],
    ]);
    expect(versions[0]?.key).toBe(JSON.stringify([ship.id, String(dan.id)]).replace(',', ', '));
    await versions[0]?.restore();
    expect(await Berth.count()).toBe(1);
  });

  it('notes derived classes under the name of their base', async () => {
    const Derived = class extends Ship {};
    await Derived.create({ name: 'Ada' });
    await (Ship.scope({ where: { name: 'Ada' } }) as typeof Ship).update(
      { crew: 1 },
      { where: {} },
    );
    expect(await allVersions()).toEqual(['Ship created Ada', 'Ship updated Ada']);
  });
});

describe('what a snapshot keeps', () => {
  const values = {
    name: 'Straße $1 "x"',
    crew: -3,
    tonnage: '123456789012345678.123456789012',
    serial: '9223372036854775807',
    launchedOn: '0099-12-31',
    lastSeenAt: new Date('2024-02-29T23:59:59.123Z'),
    papers: { class: ['A', null, 1.5], nested: { ok: true } },
    flags: ['a,b', '{}', 'null'],
    weights: ['1.100000000000', '123456789012345678.000000000001'],
    sightings: [new Date('2020-01-01T00:00:00.000Z')],
    photo: Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
    season: [
      { value: new Date('2024-05-01T00:00:00.000Z'), inclusive: true },
      { value: null, inclusive: false },
    ],
    cargo: [
      { value: '1.50', inclusive: true },
      { value: '99999999999999999999.5', inclusive: true },
    ],
  };

  it('gives every kind of value back on revert', async () => {
    const ship = await Ship.create(values);
    const stored = (await Ship.findByPk(ship.id, { rejectOnEmpty: true })).get();
    await ship.update({
      ...Object.fromEntries(Object.keys(values).map((name) => [name, null])),
      name: 'blank',
    });
    const [blank, first] = await ship.versions();
    expect(blank?.values).toMatchObject({ name: 'blank', tonnage: null, season: null });
    expect(first?.values).toEqual(stored);
    await first?.revert();
    const reverted = (await Ship.findByPk(ship.id, { rejectOnEmpty: true })).get();
    expect(reverted).toEqual({ ...stored, modifiedAt: expect.any(Date) });
    expect((await ship.versions())[0]?.diff(first)).toEqual({});
  });

  it('keeps empty ranges', async () => {
    const ship = await Ship.create({ name: 'Ada', season: [] });
    const [version] = await ship.versions();
    expect(version?.values.season).toEqual([]);
  });

  it('tells what has changed, stamps left out', async () => {
    const ship = await Ship.create({ name: 'Ada', tonnage: '1.5' });
    await ship.update({ tonnage: '1.25', crew: 4 });
    await ship.update({ crew: 5 });
    const [third, second, first] = await ship.versions();
    expect(third?.diff()).toEqual({ crew: { before: 4, after: 5 } });
    expect(second?.diff()).toEqual({
      crew: { before: null, after: 4 },
      tonnage: { before: '1.500000000000', after: '1.250000000000' },
    });
    expect(third && first?.diff(third)).toMatchObject({ crew: { before: 5, after: null } });
    expect(first?.diff()).toMatchObject({ name: { before: null, after: 'Ada' } });
  });

  it('takes more attributes than PostgreSQL takes arguments', async () => {
    const names = Array.from({ length: 130 }, (_, index) => `column${index}`);
    const Wide = class extends TimestampedModel {};
    Object.defineProperty(Wide, 'name', { value: 'Wide' });
    Wide.init(Object.fromEntries(names.map((name) => [name, 'INTEGER'])), { sequelize });
    await Wide.sync();
    const wide = await Wide.create({ column129: 129 });
    const [version] = await wide.versions();
    expect(Object.keys(version?.values ?? {})).toHaveLength(133);
    expect(version?.values).toMatchObject({ column0: null, column129: 129 });
    await Wide.drop();
  });
});

describe('bringing records back', () => {
  it('reverts and restores through the model', async () => {
    const ship = await Ship.create({ name: 'Ada', crew: 1 });
    await ship.update({ name: 'Bea', crew: 2 });
    await ship.destroy();
    const [deleted] = await Ship.deletedVersions();
    expect(deleted).toMatchObject({ kind: 'deleted', key: ship.id, values: { name: 'Bea' } });
    await expect(deleted?.revert()).rejects.toThrow(RevisionError);
    const restored = await revision({ comment: 'back' }, () => deleted?.restore());
    expect(restored).toMatchObject({ id: ship.id, name: 'Bea', crew: 2 });
    await expect(deleted?.restore()).rejects.toThrow(/exists\. Call revert\(\)/);
    expect(await Ship.deletedVersions()).toEqual([]);
    const versions = await ship.versions();
    expect(versions.map(({ kind }) => kind)).toEqual(['created', 'deleted', 'updated', 'created']);
    expect(versions[0]?.revision).toMatchObject({ comment: 'back', user: null, meta: null });
    expect(await versions[3]?.revert()).toMatchObject({ name: 'Ada', crew: 1 });
  });

  it('leaves bookkeeping alone on revert, and restores what the model wants', async () => {
    const dan = await Sailor.create({ fullName: 'Dan', badge: 'one' });
    await dan.update({ fullName: 'Don', badge: 'two' });
    const [, first] = await dan.versions();
    await first?.revert();
    expect(await dan.reload()).toMatchObject({ fullName: 'Dan', badge: 'two' });
    await dan.destroy({ force: true });
    const [last] = await Sailor.deletedVersions();
    expect(await last?.restore()).toMatchObject({ id: dan.id, fullName: 'Dan', badge: 'two' });
  });

  it('restores a soft-deleted record', async () => {
    const dan = await Sailor.create({ fullName: 'Dan' });
    await dan.destroy();
    const [version] = await Sailor.deletedVersions();
    expect(version?.values.deletedAt).toBeInstanceOf(Date);
    await version?.restore();
    expect(await Sailor.findByPk(dan.id)).toMatchObject({ fullName: 'Dan', deletedAt: null });
  });
});
