import type { Sequelize } from 'sequelize';
import { findRevision, revision, type Revision, RevisionError } from '../../src/revisions';
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

/** The revision that a record was last changed in. */
async function lastRevision(record: Ship | Sailor): Promise<Revision> {
  const [version] = await record.versions();
  const found = await findRevision(sequelize, version?.revision.id ?? '');
  if (!found) throw new Error('There is no such revision.');
  return found;
}

async function shipNames(): Promise<string[]> {
  return (await Ship.findAll({ order: ['name'] })).map(({ name }) => name);
}

describe('a revision found by its id', () => {
  it('has its details and all its versions, in the order of writing', async () => {
    const ship = await revision({ user: 'ada', comment: 'fitting out' }, async () => {
      const made = await Ship.create({ name: 'Ada' });
      await Sailor.create({ fullName: 'Bo Example' });
      return made;
    });
    const found = await lastRevision(ship);
    expect(found).toMatchObject({ user: 'ada', comment: 'fitting out', meta: null });
    expect(found.versions.map(({ model, kind }) => `${model} ${kind}`)).toEqual([
      'Ship created',
      'Sailor created',
    ]);
  });

  it('is null when nothing has that id, whatever the id looks like', async () => {
    expect(await findRevision(sequelize, 'not-a-uuid')).toBeNull();
    expect(await findRevision(sequelize, '5e9f0b6e-0000-4000-8000-000000000000')).toBeNull();
  });
});

describe('undo', () => {
  it('takes back what was created, changed and deleted, children and parents in order', async () => {
    const kept = await Ship.create({ name: 'Kept', crew: 3 });
    const lost = await Ship.create({ name: 'Lost' });
    const sailor = await Sailor.create({ fullName: 'Cy Example' });
    await Berth.create({ shipId: lost.id, sailorId: sailor.id, deck: 4 });
    await revision({ user: 'bo' }, async () => {
      await kept.update({ crew: 9, name: 'Renamed' });
      await Berth.destroy({ where: { shipId: lost.id } });
      await lost.destroy();
      const fresh = await Ship.create({ name: 'Fresh' });
      await Berth.create({ shipId: fresh.id, sailorId: sailor.id });
      await sailor.destroy();
    });
    await (await lastRevision(kept)).undo();
    expect(await shipNames()).toEqual(['Kept', 'Lost']);
    expect(await Ship.findByPk(kept.id)).toMatchObject({ crew: 3 });
    expect(await Sailor.count()).toBe(1);
    expect(await Berth.findAll()).toMatchObject([{ shipId: lost.id, deck: 4 }]);
  });

  it('is a revision of its own, which can be undone as well', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    await ship.update({ name: 'Bea' });
    const changed = await lastRevision(ship);
    await changed.undo();
    expect(await shipNames()).toEqual(['Ada']);
    const undone = await lastRevision(ship);
    expect(undone.comment).toBe(`Undo of revision ${changed.id}`);
    await undone.undo();
    expect(await shipNames()).toEqual(['Bea']);
  });

  it('goes back to before the first of several changes of one record', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    await revision({ user: 'bo' }, async () => {
      await ship.update({ name: 'Bea' });
      await ship.update({ name: 'Cleo' });
    });
    await (await lastRevision(ship)).undo();
    expect(await shipNames()).toEqual(['Ada']);
  });

  it('refuses to lose later changes, and says how to', async () => {
    const [ship, other] = await Ship.bulkCreate([{ name: 'Ada' }, { name: 'Bea' }]);
    if (!ship || !other) throw new Error('There are two ships.');
    await revision({ user: 'bo' }, async () => {
      await ship.update({ crew: 1 });
      await other.update({ crew: 1 });
    });
    const both = await lastRevision(ship);
    await other.update({ crew: 2 });
    await expect(both.undo()).rejects.toThrow(RevisionError);
    await expect(both.undo()).rejects.toThrow('overwriteLater');
    expect(await Ship.sum('crew')).toBe(3);
    await both.undo({ overwriteLater: true });
    expect((await Ship.findAll()).map(({ crew }) => crew)).toEqual([null, null]);
  });

  it('changes nothing at all when one record cannot be set back', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    const other = await Ship.create({ name: 'Bea' });
    await revision({ user: 'bo' }, async () => {
      await ship.update({ crew: 1 });
      await other.update({ crew: 1 });
    });
    await sequelize.query(
      `DELETE FROM record_versions WHERE kind = 'created' AND record_key = $1`,
      {
        bind: [other.id],
      },
    );
    await expect((await lastRevision(ship)).undo()).rejects.toThrow('no version from before');
    expect(await Ship.sum('crew')).toBe(2);
  });

  it('belongs to the transaction that it is given', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    const created = await lastRevision(ship);
    const transaction = await sequelize.transaction();
    await created.undo({ transaction });
    await transaction.rollback();
    expect(await shipNames()).toEqual(['Ada']);
  });
});

describe('revert', () => {
  it('sets every record to what the revision left', async () => {
    const gone = await Ship.create({ name: 'Gone' });
    const ship = await Ship.create({ name: 'Ada' });
    await revision({ user: 'bo' }, async () => {
      await ship.update({ crew: 5 });
      await gone.destroy();
      await Ship.create({ name: 'New' });
    });
    const wanted = await lastRevision(ship);
    await ship.update({ crew: 6 });
    await Ship.destroy({ where: { name: 'New' } });
    const [last] = await Ship.deletedVersions().then((all) =>
      all.filter(({ values }) => values.name === 'Gone'),
    );
    await last?.restore();
    expect(await shipNames()).toEqual(['Ada', 'Gone']);
    await expect(wanted.revert()).rejects.toThrow(RevisionError);
    await wanted.revert({ overwriteLater: true });
    expect(await shipNames()).toEqual(['Ada', 'New']);
    expect(await Ship.findByPk(ship.id)).toMatchObject({ crew: 5 });
  });
});
