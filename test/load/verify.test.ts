import { randomUUID } from 'node:crypto';
import { backfill, verify, type Difference, type VerifyOptions } from '../../src/load';
import { expectAgreement } from '../support/agreement';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { joinProcess, type Process } from '../support/following';
import { loadAccounts, resetAll, rowsOf } from './world';

describe.each<Face>(['dynamics2011', 'dataverse'])('a verification against %s', (face) => {
  let world: DualWorld;
  let small: Process;
  let keys: string[];

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 20_000 });
    small = await joinProcess(world, { face, pageSize: 50 });
  }, 60_000);
  beforeEach(async () => {
    await resetAll(world);
    keys = await loadAccounts(world, 120, (at, all) => ({ ParentAccountId: all[at - 1] ?? null }));
    await backfill(small.dualWrite, { models: ['Organisation'] });
  });
  afterAll(async () => {
    await small.close();
    await world.close();
  });

  const found: Difference[] = [];
  const check = (options: VerifyOptions = {}) => {
    found.length = 0;
    const onDifference = (one: Difference): void => void found.push(one);
    return verify(small.dualWrite, { models: ['Organisation'], onDifference, ...options });
  };
  const shown = (): string[] =>
    found
      .map(({ kind, legacyId, fields }) =>
        [kind, legacyId === null ? '-' : keys.indexOf(legacyId), ...fields].join(' '),
      )
      .sort();
  const local = (at: number, sql: string): Promise<unknown> =>
    world.sequelize.query(`UPDATE organisations SET ${sql} WHERE legacy_id = '${keys[at] ?? ''}'`);

  /** One difference of each kind. */
  const disturb = async (): Promise<void> => {
    await local(1, "name = 'Changed past the library'");
    await local(2, "employees = 5, website = 'http://fictional.example'");
    await local(3, 'parent_id = NULL');
    await world.sandbox.editAsLegacyUser('account', keys[4] ?? '', { Name: 'Edited there' });
    await local(
      5,
      "legacy_modified_at = legacy_modified_at - interval '1 day', modified_at = modified_at - interval '1 day'",
    );
    await world.sequelize.query(`DELETE FROM organisations WHERE legacy_id = '${keys[119] ?? ''}'`);
    await world.models.Organisation.create({ name: 'Never sent' }, { skipLegacy: true });
    const row = await world.models.Organisation.findOne({
      where: { legacyId: keys[6] ?? '' },
      skipLegacy: true,
    });
    await row?.update({ telephone: '0' }, { skipLegacy: true });
    await world.sequelize.query(
      `INSERT INTO organisations (id, name, legacy_id, legacy_modified_at, modified_at, created_at)
       SELECT gen_random_uuid(), 'Gone there', '${randomUUID()}', legacy_modified_at, modified_at, created_at
         FROM organisations LIMIT 1`,
    );
  };
  const disturbed = [
    ...['ahead 6 telephone', 'fields 1 name', 'fields 2 website employees', 'fields 3 parentId'],
    ...['fields 4 name', 'notHere 119', 'notThere -', 'notThere -1', 'stamps 5'],
  ];

  it('finds nothing where both sides agree', async () => {
    const report = await check();
    expect(report).toMatchObject({ left: 0, differences: [] });
    expect(report.models).toEqual([
      { model: 'Organisation', records: 120, differences: 0, repaired: 0 },
    ]);
  });

  it('finds a difference of each kind, only those, and tells no values', async () => {
    await disturb();
    const report = await check();
    expect(shown()).toEqual(disturbed);
    expect(report.left).toBe(9);
    expect(found.every(({ values }) => values === undefined)).toBe(true);
    const [kept] = await rowsOf<{ n: number }>(
      world,
      `SELECT count(*)::int AS n FROM dual_write_load_findings WHERE detail::text LIKE '%Changed%'`,
    );
    expect(kept?.n).toBe(0);
    await check({ values: true });
    expect(
      found.find(({ kind, fields }) => kind === 'fields' && fields[0] === 'name')?.values,
    ).toEqual(
      expect.objectContaining({ name: { local: expect.any(String), legacy: expect.any(String) } }),
    );
  });

  it('does not take for a difference what is changed and followed meanwhile', async () => {
    let edits = 0;
    await check({
      ...{ workers: 1, batchSize: 1 },
      beforeBatch: async () => {
        edits += 1;
        const key = keys[edits * 13] ?? '';
        await world.sandbox.editAsLegacyUser('account', key, { Name: `Edited ${edits}` });
        await world.models.Organisation.findAll({ where: { legacyId: key } });
      },
    });
    expect(edits).toBeGreaterThan(1);
    expect(shown()).toEqual([]);
  });

  it('goes on after an interruption, and finds the same', async () => {
    await disturb();
    const stop = new AbortController();
    let pages = 0;
    const beforeBatch = (): void => {
      pages += 1;
      if (pages < 2) return;
      stop.abort();
      throw new Error('The process dies here.');
    };
    await expect(
      check({ beforeBatch, signal: stop.signal, workers: 1, batchSize: 1 }),
    ).rejects.toThrow('interrupted');
    await check();
    expect(shown()).toEqual(disturbed);
  });

  it('makes the local side like the other', async () => {
    await disturb();
    const report = await check({ repair: 'legacy' });
    expect(report.left).toBe(0);
    expect(found.filter(({ repaired }) => repaired !== true)).toEqual([]);
    await check();
    expect(shown()).toEqual([]);
    await expectAgreement(world, world.models.Organisation, 'account');
  });

  it('makes the other side like the local one', async () => {
    await disturb();
    await check({ repair: 'local' });
    const failed = found.filter(({ repaired }) => repaired !== true);
    expect(failed.map(({ kind, failure }) => `${kind} ${failure ?? ''}`)).toEqual([]);
    await check();
    expect(shown()).toEqual([]);
    const names = (await world.sandbox.records('account')).map(({ Name }) => Name);
    expect(names).toEqual(expect.arrayContaining(['Changed past the library', 'Never sent']));
    expect(names).toHaveLength(121);
  });

  it('names records that the local table cannot take', async () => {
    await world.sequelize.query(
      'ALTER TABLE organisations ADD CONSTRAINT refused CHECK (employees <> 4711)',
    );
    await world.sandbox.editAsLegacyUser('account', keys[9] ?? '', { NumberOfEmployees: 4711 });
    const report = await check({ repair: 'legacy' });
    await world.sequelize.query('ALTER TABLE organisations DROP CONSTRAINT refused');
    expect(shown()).toEqual(['fields 9 employees']);
    expect(found[0]?.failure).toMatch('violates check constraint');
    expect(report.left).toBe(1);
  });
});
