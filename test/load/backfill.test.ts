import { randomUUID } from 'node:crypto';
import { backfill, planBackfill, type LoadOptions } from '../../src/load';
import type { DualWrite } from '../../src';
import { expectAgreement } from '../support/agreement';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { joinProcess, type Process } from '../support/following';
import { hour, loadAccounts, resetAll, rowsOf } from './world';

describe.each<Face>(['dynamics2011', 'dataverse'])('a complete load from %s', (face) => {
  let world: DualWorld;
  let small: Process;

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 20_000 });
    small = await joinProcess(world, { face, pageSize: 50 });
    await world.sequelize.query(
      'ALTER TABLE organisations ADD CONSTRAINT refused CHECK (employees <> 4711)',
    );
  }, 60_000);
  beforeEach(() => resetAll(world));
  afterAll(async () => {
    await small.close();
    await world.close();
  });

  const load = (options: LoadOptions = {}, dualWrite: DualWrite = small.dualWrite) =>
    backfill(dualWrite, { workers: 1, models: ['Organisation'], ...options });
  const pagesAsked = async (): Promise<string[]> =>
    (await world.journal())
      .filter(({ url, entitySet }) => /account/i.test(entitySet) && !/\$count|\$top=1/.test(url))
      .map(({ url }) => url);

  it('copies records as they are, with their stamps and one revision', async () => {
    await loadAccounts(world, 120, (at) => ({
      Description: at === 7 ? 'a\tb\\N\n"c" ß 架' : null,
      Revenue: at === 7 ? '1234567.89' : null,
      optevia_ukorganisation: at % 2 === 0,
    }));
    const report = await load();
    expect(report).toMatchObject({ isResumed: false, rejected: [], ahead: [] });
    expect(report.models).toEqual([
      { model: 'Organisation', records: 120, created: 120, rejected: 0, ahead: 0 },
    ]);
    await expectAgreement(world, world.models.Organisation, 'account');
    const row = await world.models.Organisation.findOne({
      where: { name: 'Fictional 7' },
      skipLegacy: true,
    });
    expect(row?.get()).toMatchObject({
      ...{ description: 'a\tb\\N\n"c" ß 架', revenue: '1234567.89', isUk: false, employees: 7 },
      ...{ newsletterOptIn: false, createdAt: hour(7), legacyModifiedAt: hour(7) },
    });
    const revisions = await rowsOf(world, 'SELECT id, comment FROM record_revisions');
    expect(revisions).toEqual([{ id: report.load, comment: 'backfill' }]);
    const versions = await rowsOf<{ kind: string; n: number }>(
      world,
      'SELECT kind, count(*)::int AS n FROM record_versions GROUP BY kind',
    );
    expect(versions).toEqual([{ kind: 'created', n: 120 }]);
    const [version] = row ? await row.versions() : [];
    expect(version?.values).toMatchObject({ name: 'Fictional 7', revenue: '1234567.89' });
  });

  it('finds nothing to do the second time, and overwrites what has changed', async () => {
    const keys = await loadAccounts(world, 60);
    await load();
    await world.sandbox.editAsLegacyUser('account', keys[3] ?? '', { Name: 'Edited' });
    const report = await load();
    expect(report.models[0]).toMatchObject({ records: 60, created: 0 });
    await expectAgreement(world, world.models.Organisation, 'account');
    const versions = await rowsOf(
      world,
      `SELECT kind FROM record_versions WHERE revision_id = '${report.load}'`,
    );
    expect(versions).toEqual([{ kind: 'updated' }]);
  });

  it('goes on at the very page after an interruption, wherever it was', async () => {
    await loadAccounts(world, 275);
    const seen: number[] = [];
    for (let fatal = 0; fatal < 6; fatal += 1) {
      await resetAll(world);
      await loadAccounts(world, 275);
      await world.sandbox.clearJournal();
      let pages = 0;
      const stop = new AbortController();
      const beforeBatch = (): void => {
        if (pages === fatal) {
          stop.abort();
          throw new Error('The process dies here.');
        }
        pages += 1;
      };
      await expect(load({ beforeBatch, signal: stop.signal, batchSize: 1 })).rejects.toThrow(
        'interrupted',
      );
      const before = await pagesAsked();
      const report = await load({ batchSize: 1 });
      expect(report.isResumed).toBe(true);
      expect(report.models[0]).toMatchObject({ records: 275, created: 275 });
      const asked = await pagesAsked();
      const again = asked.length - new Set(asked).size;
      // The page under way, and the one that was asked for meanwhile.
      expect(again).toBeLessThanOrEqual(2);
      expect(again).toBeLessThanOrEqual(before.length - fatal);
      seen.push(asked.length);
      await expectAgreement(world, world.models.Organisation, 'account');
    }
    expect(Math.max(...seen)).toBeLessThanOrEqual(8);
  }, 120_000);

  it('begins a part again whose address the service refuses', async () => {
    await loadAccounts(world, 170);
    const stop = new AbortController();
    let pages = 0;
    const beforeBatch = (): void => {
      pages += 1;
      if (pages < 3) return;
      stop.abort();
      throw new Error('The process dies here.');
    };
    await expect(load({ beforeBatch, signal: stop.signal, batchSize: 1 })).rejects.toThrow(
      'interrupted',
    );
    const entitySet = face === 'dataverse' ? 'accounts' : 'AccountSet';
    await world.sandbox.failNext({ entitySet, status: 400, message: 'The cookie is malformed.' });
    const report = await load();
    expect(report.models[0]).toMatchObject({ records: 170, rejected: 0 });
    await expectAgreement(world, world.models.Organisation, 'account');
  });

  it('tells why it cannot go on, after as many tries as are of use', async () => {
    await loadAccounts(world, 60);
    const entitySet = face === 'dataverse' ? 'accounts' : 'AccountSet';
    // A missing right is not tried again.
    await world.sandbox.failNext({ entitySet, status: 403, times: 2 });
    const failing = load({ parts: 1 });
    await expect(failing).rejects.toThrow('Organisation cannot be read');
    await world.sandbox.reset();
    await loadAccounts(world, 60);
    expect((await load({ parts: 1 })).isResumed).toBe(true);
  });

  it('links records of a model that refer to each other, and to later ones', async () => {
    await loadAccounts(world, 130, (at, keys) => ({
      ParentAccountId: keys[(at * 7 + 1) % keys.length] ?? null,
    }));
    const report = await load();
    expect(report.rejected).toEqual([]);
    const [open] = await rowsOf<{ n: number }>(
      world,
      `SELECT count(*)::int AS n FROM organisations o LEFT JOIN organisations p ON p.id = o.parent_id
        WHERE p.id IS NULL`,
    );
    expect(open?.n).toBe(0);
    const records = await world.sandbox.records('account');
    const rows = await rowsOf<{ key: string; parent: string }>(
      world,
      `SELECT o.legacy_id AS key, p.legacy_id AS parent FROM organisations o
         JOIN organisations p ON p.id = o.parent_id`,
    );
    const parents = new Map(records.map((one) => [one.AccountId, one.ParentAccountId]));
    for (const { key, parent } of rows) expect(parent).toBe(parents.get(key));
    expect(rows).toHaveLength(130);
  });

  it('loads parents first, and fetches those that were not to be loaded', async () => {
    const [key = ''] = await loadAccounts(world, 1);
    const contact = randomUUID();
    await world.sandbox.load('contact', [
      { ContactId: contact, LastName: 'Example', ParentCustomerId: key },
    ]);
    const plan = await planBackfill(small.dualWrite);
    const levelOf = (model: string): number =>
      plan.find((one) => one.model === model)?.level ?? NaN;
    expect(levelOf('Organisation')).toBeGreaterThan(levelOf('Sector'));
    expect(levelOf('Contact')).toBeGreaterThan(levelOf('Organisation'));
    expect(levelOf('ContactOrder')).toBeGreaterThan(levelOf('Order'));
    const report = await load({ models: ['Contact'] });
    expect(report.rejected).toEqual([]);
    const [row] = await rowsOf<{ name: string }>(
      world,
      'SELECT o.name FROM contacts c JOIN organisations o ON o.id = c.organisation_id',
    );
    expect(row?.name).toBe('Fictional 0');
  });

  it('rejects single records, and loads all others', async () => {
    const keys = await loadAccounts(world, 120, (at, all) => ({
      ...(at === 30 && { NumberOfEmployees: 4711 }),
      // Its parent cannot be kept here.
      ...(at === 70 && { ParentAccountId: all[30] }),
    }));
    const report = await load();
    expect(report.models[0]).toMatchObject({ records: 120, rejected: 2 });
    expect(report.rejected.map(({ legacyId }) => legacyId).sort()).toEqual(
      [keys[30], keys[70]].sort(),
    );
    const noted = await rowsOf<{ reason: string }>(world, 'SELECT reason FROM dual_write_rejected');
    expect(noted.map(({ reason }) => reason).sort()).toEqual([
      'new row for relation "organisations" violates check constraint "refused"',
      `parent_id refers to ${keys[30] ?? ''}, which the legacy system does not show`,
    ]);
    expect(await world.models.Organisation.count({ skipLegacy: true })).toBe(119);
    await world.sandbox.editAsLegacyUser('account', keys[30] ?? '', { NumberOfEmployees: 30 });
    const second = await load();
    expect(second.rejected).toEqual([]);
    await expect(rowsOf(world, 'SELECT 1 FROM dual_write_rejected')).resolves.toEqual([]);
  });

  it('leaves rows that are ahead, and lists them', async () => {
    const keys = await loadAccounts(world, 60);
    await load();
    const row = await world.models.Organisation.findOne({
      where: { legacyId: keys[5] ?? '' },
      skipLegacy: true,
    });
    await row?.update({ name: 'Local' }, { skipLegacy: true });
    const report = await load();
    expect(report.ahead.map(({ legacyId, localId }) => [legacyId, localId])).toEqual([
      [keys[5], row?.id],
    ]);
    expect(report.models[0]).toMatchObject({ ahead: 1, rejected: 0 });
    await row?.reload({ skipLegacy: true });
    expect(row?.name).toBe('Local');
  });

  it('divides a model among workers, and takes edits meanwhile as they come', async () => {
    const keys = await loadAccounts(world, 400);
    const parts = new Set<string>();
    let edits = 0;
    const report = await load({
      ...{ workers: 2, parts: 4, divideFrom: 100, batchSize: 1 },
      beforeBatch: async ({ part }) => {
        parts.add(String(part));
        edits += 1;
        const key = keys[(edits * 37) % keys.length] ?? '';
        await world.sandbox.editAsLegacyUser('account', key, { Name: `Edited ${edits}` });
      },
    });
    expect([...parts].sort()).toEqual(['0', '1', '2', '3']);
    expect(report.models[0]).toMatchObject({ records: 400, created: 400 });
    await load();
    await expectAgreement(world, world.models.Organisation, 'account');
    const names = await rowsOf<{ name: string; key: string }>(
      world,
      'SELECT name, legacy_id AS key FROM organisations',
    );
    const records = await world.sandbox.records('account');
    const nameOf = new Map(records.map((one) => [one.AccountId, one.Name]));
    for (const { name, key } of names) expect(name).toBe(nameOf.get(key));
  });

  it('plans without writing anything', async () => {
    await loadAccounts(world, 120);
    const plan = await planBackfill(small.dualWrite, {
      ...{ models: ['Organisation'], parts: 3, divideFrom: 100 },
    });
    // Dynamics 2011 does not count.
    const records = face === 'dataverse' ? 120 : null;
    expect(plan).toEqual([{ model: 'Organisation', level: 0, parts: 3, records, rowsHere: 0 }]);
    expect(await world.models.Organisation.count({ skipLegacy: true })).toBe(0);
  });

  it('asks for everything in the lane of bulk work', async () => {
    await loadAccounts(world, 60);
    const priorities = new Set<unknown>();
    const { client } = small.dualWrite;
    const list = client.linkedPages.bind(client);
    const watch = jest.spyOn(client, 'linkedPages').mockImplementation((entity, query, options) => {
      priorities.add(options?.priority);
      return list(entity, query, options);
    });
    await load();
    watch.mockRestore();
    expect([...priorities]).toEqual(['bulk']);
  });
});
