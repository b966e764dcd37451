import type { Sequelize } from 'sequelize';
import { pruneVersions, revision, RevisionError } from '../../src/revisions';
import { type Fleet, openFleet } from './fleet';
import { Sailor, Ship } from './models';

let fleet: Fleet;
let sequelize: Sequelize;

beforeAll(async () => {
  fleet = await openFleet();
  ({ sequelize } = fleet);
});

afterAll(() => fleet.close());

beforeEach(() => fleet.clear());

/** A ship whose crew was 0, 1, 2 … in that many versions. */
async function shipWithVersions(name: string, count: number): Promise<Ship> {
  const ship = await Ship.create({ name, crew: 0 });
  for (let crew = 1; crew < count; crew += 1) await ship.update({ crew });
  return ship;
}

/** Make every version but those of the last hour look older. */
async function age(ship: Ship, days: number): Promise<void> {
  await sequelize.query(
    `UPDATE record_versions SET at = at - make_interval(days => $2) WHERE record_key = $1`,
    { bind: [ship.id, days] },
  );
}

async function crews(ship: Ship): Promise<unknown[]> {
  return (await ship.versions()).map(({ values }) => values.crew);
}

async function revisionCount(): Promise<number> {
  const [rows] = await sequelize.query('SELECT count(*)::int AS count FROM record_revisions');
  return (rows as { count: number }[])[0]?.count ?? -1;
}

describe('pruneVersions', () => {
  it('keeps a number of the newest versions of each record', async () => {
    const ada = await shipWithVersions('Ada', 5);
    const bea = await shipWithVersions('Bea', 2);
    expect(await pruneVersions(sequelize, { keepNewest: 3 })).toEqual({
      versions: { Ship: 2 },
      revisions: 2,
    });
    expect(await crews(ada)).toEqual([4, 3, 2]);
    expect(await crews(bea)).toEqual([1, 0]);
    expect(await revisionCount()).toBe(5);
  });

  it('keeps what is young enough, and the newest version whatever its age', async () => {
    const ada = await shipWithVersions('Ada', 3);
    const bea = await shipWithVersions('Bea', 3);
    await age(ada, 40);
    await pruneVersions(sequelize, { keepDays: 30 });
    expect(await crews(ada)).toEqual([2]);
    expect(await crews(bea)).toEqual([2, 1, 0]);
  });

  it('keeps what either rule keeps', async () => {
    const ada = await shipWithVersions('Ada', 4);
    await age(ada, 40);
    await ada.update({ crew: 9 });
    await pruneVersions(sequelize, { keepDays: 30, keepNewest: 2 });
    expect(await crews(ada)).toEqual([9, 3]);
  });

  it('keeps the last version of a deleted record, so that it can be restored', async () => {
    const ada = await shipWithVersions('Ada', 3);
    await ada.destroy();
    await age(ada, 400);
    await pruneVersions(sequelize, { keepDays: 30, keepNewest: 0 });
    const [last, ...others] = await Ship.deletedVersions();
    expect(others).toEqual([]);
    await last?.restore();
    expect(await Ship.sum('crew')).toBe(2);
  });

  it('only counts in a dry run, and counts right', async () => {
    const ada = await shipWithVersions('Ada', 4);
    await revision({ user: 'bo' }, async () => {
      await ada.update({ crew: 8 });
      await ada.update({ crew: 9 });
    });
    const counted = await pruneVersions(sequelize, { keepNewest: 1, dryRun: true });
    expect(await crews(ada)).toHaveLength(6);
    expect(await pruneVersions(sequelize, { keepNewest: 1 })).toEqual(counted);
    expect(counted).toEqual({ versions: { Ship: 5 }, revisions: 4 });
    expect(await revisionCount()).toBe(1);
  });

  it('concerns only the models named', async () => {
    const ada = await shipWithVersions('Ada', 3);
    const sailor = await Sailor.create({ fullName: 'Bo Example' });
    await sailor.update({ fullName: 'Bo B. Example' });
    await pruneVersions(sequelize, { keepNewest: 1, models: ['Sailor'] });
    expect(await crews(ada)).toHaveLength(3);
    expect(await sailor.versions()).toHaveLength(1);
  });

  it('removes more than one batch', async () => {
    const ada = await shipWithVersions('Ada', 2);
    await sequelize.query(
      `INSERT INTO record_versions (revision_id, model, record_key, kind, "values", at)
       SELECT revision_id, model, record_key, 'updated', "values", at FROM record_versions, generate_series(1, 6000)`,
    );
    expect((await pruneVersions(sequelize, { keepNewest: 1 })).versions).toEqual({ Ship: 12_001 });
    expect(await ada.versions()).toHaveLength(1);
  });

  it.each([{}, { keepDays: -1 }, { keepNewest: Number.NaN }])(
    'refuses a rule that keeps nothing by mistake: %p',
    async (rules) => {
      await expect(pruneVersions(sequelize, rules)).rejects.toThrow(RevisionError);
    },
  );
});
