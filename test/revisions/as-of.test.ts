import type { Sequelize } from 'sequelize';
import { recordInitialVersions } from '../../src/revisions';
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

/** The time by the clock that stamps versions, with a little rest on both sides. */
async function moment(): Promise<Date> {
  const [[row]] = (await sequelize.query(
    'SELECT clock_timestamp() AS now FROM pg_sleep(0.005)',
  )) as unknown as [[{ now: Date }]];
  await sequelize.query('SELECT pg_sleep(0.005)');
  return row.now;
}

describe('asOf of a record', () => {
  it('gives what it was at that time', async () => {
    const before = await moment();
    const ship = await Ship.create({ name: 'Ada' });
    const afterCreation = await moment();
    await ship.update({ name: 'Bea' });
    const afterUpdate = await moment();
    await ship.destroy();
    expect(await ship.asOf(before)).toBeNull();
    expect((await ship.asOf(afterCreation))?.values.name).toBe('Ada');
    expect((await ship.asOf(afterUpdate))?.values.name).toBe('Bea');
    expect(await ship.asOf(await moment())).toBeNull();
  });

  it('finds a version again by the time that it gives itself', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    const [version] = await ship.versions();
    expect((await ship.asOf(version?.at ?? new Date(0)))?.id).toBe(version?.id);
  });

  it('knows keys of several columns', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    const sailor = await Sailor.create({ fullName: 'Bo Example' });
    const berth = await Berth.create({ shipId: ship.id, sailorId: sailor.id });
    await Berth.create({
      shipId: (await Ship.create({ name: 'Bea' })).id,
      sailorId: sailor.id,
      deck: 7,
    });
    expect((await berth.asOf(await moment()))?.values).toMatchObject({ shipId: ship.id, deck: 1 });
  });
});

describe('asOf of a model', () => {
  it('gives every record that existed then, as it was then', async () => {
    const [ada, bea] = await Ship.bulkCreate([{ name: 'Ada' }, { name: 'Bea' }]);
    const then = await moment();
    await ada?.update({ name: 'Ada II' });
    await bea?.destroy();
    await Ship.create({ name: 'Cleo' });
    const names = async (time: Date): Promise<unknown[]> =>
      (await Ship.asOf(time)).map(({ values }) => values.name).sort();
    expect(await names(then)).toEqual(['Ada', 'Bea']);
    expect(await names(await moment())).toEqual(['Ada II', 'Cleo']);
  });

  it('leaves out soft-deleted records, and has them back after their restoration', async () => {
    const sailor = await Sailor.create({ fullName: 'Bo Example' });
    await sailor.destroy();
    const deleted = await moment();
    await sailor.restore();
    expect(await Sailor.asOf(deleted)).toEqual([]);
    expect(await Sailor.asOf(await moment())).toHaveLength(1);
  });
});

describe('initial versions', () => {
  async function insertUnnoticed(name: string): Promise<void> {
    await sequelize.query(
      `INSERT INTO ships (id, name, crew, created_at, modified_at)
       VALUES (gen_random_uuid(), $1, 4, now(), now())`,
      { bind: [name] },
    );
  }

  it('are written of rows that have none, once, in one revision', async () => {
    await insertUnnoticed('Old');
    await insertUnnoticed('Older');
    await Ship.create({ name: 'New' });
    expect(await recordInitialVersions(sequelize)).toEqual({ Ship: 2, Sailor: 0, Berth: 0 });
    expect(await recordInitialVersions(sequelize)).toEqual({ Ship: 0, Sailor: 0, Berth: 0 });
    const old = await Ship.findOne({ where: { name: 'Old' }, rejectOnEmpty: true });
    const [version, ...others] = await old.versions();
    expect(others).toEqual([]);
    expect(version).toMatchObject({ kind: 'updated', values: { name: 'Old', crew: 4 } });
    expect(version?.revision.comment).toBe('initial versions');
  });

  it('let the first change be compared and reverted', async () => {
    await insertUnnoticed('Old');
    await recordInitialVersions(sequelize, { models: [Ship] });
    const ship = await Ship.findOne({ where: { name: 'Old' }, rejectOnEmpty: true });
    await ship.update({ crew: 5 });
    const [changed, initial] = await ship.versions();
    expect(changed?.diff()).toEqual({ crew: { before: 4, after: 5 } });
    await initial?.revert();
    expect(await Ship.sum('crew')).toBe(4);
  });

  it('say of soft-deleted rows that they are deleted', async () => {
    const sailor = await Sailor.create({ fullName: 'Bo Example' });
    await sailor.destroy();
    await sequelize.query('TRUNCATE record_versions, record_revisions');
    await recordInitialVersions(sequelize);
    expect(await Sailor.deletedVersions()).toHaveLength(1);
  });
});
