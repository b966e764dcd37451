import { backfill } from '../../src/load';
import { typedCell } from '../../src/load/copy-rows';
import { expectAgreement } from '../support/agreement';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { hour, loadAccounts, resetAll, rowsOf } from './world';

/** Large batches are copied: the ways of small ones are in backfill.test.ts. */
describe('a load in large batches', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', timeoutMs: 20_000 });
    await world.sequelize.query(
      'ALTER TABLE organisations ADD CONSTRAINT refused CHECK (employees <> 4711)',
    );
  }, 60_000);
  beforeEach(() => resetAll(world));
  afterAll(() => world.close());

  let largest = 0;
  const load = async () => {
    largest = 0;
    const report = await backfill(world.dualWrite, {
      ...{ models: ['Organisation'], workers: 1 },
      beforeBatch: (_key, { arrived }) => {
        const size = arrived.reduce((all, { records }) => all + records.length, 0);
        largest = Math.max(largest, size);
      },
    });
    return { ...report.models[0], rejected: report.rejected };
  };

  it('copies rows as they are, with versions, and what they refer to', async () => {
    await loadAccounts(world, 1500, (at, keys) => ({
      Description: at === 7 ? 'a\tb\\N\n"c"\r ß 架 \\. {"d":[' : null,
      Revenue: at === 7 ? '1234567.80' : null,
      optevia_FoundedOn: '1998-03-21',
      optevia_ukorganisation: at % 2 === 0,
      // Forwards, backwards, and to itself.
      ParentAccountId: at % 100 === 5 ? keys[(at * 7) % 1500] : at === 9 ? keys[9] : null,
    }));
    expect(await load()).toMatchObject({ records: 1500, created: 1500, rejected: [] });
    expect(largest).toBeGreaterThanOrEqual(500);
    await expectAgreement(world, world.models.Organisation, 'account');
    const row = await world.models.Organisation.findOne({
      where: { name: 'Fictional 7' },
      skipLegacy: true,
    });
    expect(row?.get()).toMatchObject({
      ...{ description: 'a\tb\\N\n"c"\r ß 架 \\. {"d":[', revenue: '1234567.80' },
      ...{ isUk: false, foundedOn: '1998-03-21', newsletterOptIn: false },
      ...{ createdAt: hour(7), legacyModifiedAt: hour(7), modifiedAt: hour(7) },
    });
    expect((await row?.versions())?.map(({ values }) => values)).toEqual([
      expect.objectContaining({ id: row?.id, name: 'Fictional 7', revenue: '1234567.80' }),
    ]);
    const [counts] = await rowsOf(
      world,
      `SELECT (SELECT count(*) FROM record_versions WHERE kind = 'created')::int AS created,
              (SELECT count(*) FROM organisations WHERE parent_id IS NOT NULL)::int AS parents,
              (SELECT count(*) FROM dual_write_known WHERE NOT gone)::int AS known,
              (SELECT count(*) FROM dual_write_load_links)::int AS left`,
    );
    expect(counts).toEqual({ created: 1500, parents: 16, known: 1500, left: 0 });
  });

  it('leaves what is here, and what was deleted since, to the ordinary way', async () => {
    const keys = await loadAccounts(world, 1200);
    const [here, deleted] = [keys[3] ?? '', keys[800] ?? ''];
    await world.models.Organisation.findAll({ where: { legacyId: here } });
    await world.sandbox.editAsLegacyUser('account', here, { Name: 'Edited' });
    await world.sequelize.query(
      `INSERT INTO dual_write_known (model, legacy_id, asked_at, applied_at, gone)
       VALUES ('Organisation', $1, now() + interval '1 hour', now() + interval '1 hour', true)`,
      { bind: [deleted] },
    );
    const report = await load();
    expect(report).toMatchObject({ records: 1200, created: 1198, rejected: [] });
    const rows = await rowsOf<{ key: string; name: string }>(
      world,
      'SELECT legacy_id::text AS key, name FROM organisations',
    );
    expect(rows).toHaveLength(1199);
    expect(rows.find(({ key }) => key === here)?.name).toBe('Edited');
    expect(rows.some(({ key }) => key === deleted)).toBe(false);
  });

  it('finds the record that PostgreSQL refuses, and stores all others', async () => {
    const keys = await loadAccounts(world, 900, (at) => ({
      NumberOfEmployees: at === 450 ? 4711 : at === 4711 ? 1 : Math.min(at, 4000),
    }));
    const report = await load();
    expect(report).toMatchObject({ records: 900 });
    expect(report.rejected.map(({ legacyId }) => legacyId)).toEqual([keys[450]]);
    const rows = await rowsOf(world, 'SELECT 1 FROM organisations');
    expect(rows).toHaveLength(899);
  });
});

describe('a cell of a copied row', () => {
  it.each(['json', 'jsonb'])('keeps a text a text in a column of %s', (type) => {
    expect(typedCell('12', type)).toBe('"12"');
    expect(typedCell('a\n"b"', type)).toBe('"a\\\\n\\\\"b\\\\""');
    expect([typedCell({ a: 1 }, type), typedCell(null, type)]).toEqual(['{"a":1}', '\\N']);
    expect(typedCell('12', 'text')).toBe('12');
  });
});
