import { randomUUID } from 'node:crypto';
import { RejectedRecordError } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { following, joinProcess } from '../support/following';

const followed = following(['Organisation', 'Contact']);
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('following in more than one process', () => {
  let world: DualWorld;

  beforeEach(async () => {
    world = await openDualWorld({ face: 'dataverse', remap: followed });
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await world.close();
  });

  const account = async (name: string): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name }]);
    return key;
  };
  const requests = async (): Promise<number> => (await world.legacyCalls()).length;

  it('shares one load, and one pull for calls that have begun before it', async () => {
    const second = await joinProcess(world, { face: 'dataverse', remap: followed });
    const models = [world.models.Organisation, second.models.Organisation] as const;
    const key = await account('A');
    await Promise.all(models.map((model) => model.findAll()));
    // Whoever comes second finds the model complete, and perhaps asks once what has changed.
    expect(await requests()).toBeLessThanOrEqual(2);
    await world.sandbox.delayNext({ method: 'GET', entitySet: 'accounts', delayMs: 400 });
    const first = models[0].findAll();
    await rest(150);
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
    // Both begin while a pull is under way, which is too old for them; the next one serves both.
    const both = await Promise.all(
      models.flatMap((model) => [model.findAll(), model.count(), model.findOne()]),
    );
    await first;
    expect(both[0]).toMatchObject([{ name: 'B' }]);
    expect(both[3]).toMatchObject([{ name: 'B' }]);
    expect(await requests()).toBe(2);
    const cached = { freshness: { maxAgeMs: 10_000 } };
    expect(await models[1].findAll(cached)).toHaveLength(1);
    expect(await models[0].findAll(cached)).toHaveLength(1);
    expect(await requests()).toBe(0);
    await second.close();
  });

  it('shows nobody an old answer', async () => {
    const second = await joinProcess(world, { face: 'dataverse', remap: followed });
    const key = await account('A');
    await world.models.Organisation.findAll();
    let written = 0;
    let isOver = false;
    const editing = (async () => {
      while (written < 40) {
        await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: written + 1 });
        written += 1;
        await rest(5);
      }
      isOver = true;
    })();
    const stale: string[] = [];
    const models = [world.models.Organisation, second.models.Organisation];
    const reading = models.flatMap((model) =>
      [1, 2].map(async () => {
        while (!isOver) {
          const least = written;
          const row = await model.findOne();
          if ((row?.employees ?? 0) < least) stale.push(`${row?.employees ?? 0} < ${least}`);
        }
      }),
    );
    await Promise.all([editing, ...reading]);
    expect(stale).toEqual([]);
    await second.close();
  });

  it('loads again for another mapping, and for another service', async () => {
    await account('A');
    await world.models.Organisation.findAll();
    await requests();
    const wider = await joinProcess(world, {
      face: 'dataverse',
      remap: (migrators) =>
        followed(migrators).map((migrator) => ({
          ...migrator,
          definition: { ...migrator.definition, properties: { description: 'string' } },
        })),
    });
    await wider.models.Organisation.findAll();
    expect((await world.journal()).map(({ url }) => url)).toEqual([
      expect.not.stringContaining('deltatoken'),
    ]);
    await requests();
    await world.models.Organisation.findAll();
    expect(await requests()).toBe(1);
    const port = new URL(world.sandbox.urlDataverse).port;
    const elsewhere = await joinProcess(world, {
      ...{ face: 'dataverse', remap: followed },
      baseUrl: world.sandbox.urlDataverse.replace(`127.0.0.1:${port}`, `localhost:${port}`),
    });
    await elsewhere.models.Organisation.findAll();
    expect((await world.journal()).map(({ url }) => url)).toEqual([
      expect.not.stringContaining('deltatoken'),
    ]);
    await wider.close();
    await elsewhere.close();
  });

  it('is not harmed by an end between what was stored and the token', async () => {
    const key = await account('A');
    const { Organisation } = world.models;
    await Organisation.findAll();
    await world.sequelize.query(`
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$`);
    await world.sequelize.query(`
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON dual_write_feeds
   FOR EACH ROW EXECUTE FUNCTION refuse()`);
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
    const gone = await account('Gone');
    const kept = await account('C');
    await world.sandbox.deleteAsLegacyUser('account', gone);
    const names = (rows: readonly { name: string }[]): string[] =>
      rows.map(({ name }) => name).sort();
    // Stored, but not noted; the read itself is answered in the ordinary way.
    expect(names(await Organisation.findAll())).toEqual(['B', 'C']);
    await world.sequelize.query('DROP TRIGGER refuse ON dual_write_feeds');
    const [before] = await world.sequelize.query('SELECT count(*) FROM record_versions');
    await requests();
    const second = await joinProcess(world, { face: 'dataverse', remap: followed });
    await world.sandbox.deleteAsLegacyUser('account', kept);
    expect(names(await second.models.Organisation.findAll())).toEqual(['B']);
    expect(await requests()).toBe(1);
    const [after] = await world.sequelize.query(
      'SELECT count(*) - 1 AS count FROM record_versions',
    );
    // Only the deletion is new.
    expect(after).toEqual(before);
    await second.close();
  });

  it('brings over what is changed between the pages of a load', async () => {
    const second = await joinProcess(world, { face: 'dataverse', remap: followed, pageSize: 2 });
    const keys = [
      await account('A'),
      await account('B'),
      await account('C'),
      await account('D'),
    ].sort();
    await world.sandbox.delayNext({
      method: 'GET',
      entitySet: 'accounts',
      delayMs: 300,
      when: 'after',
    });
    const { Organisation } = second.models;
    const loading = Organisation.findAll();
    await rest(150);
    await world.sandbox.editAsLegacyUser('account', String(keys[0]), { Name: 'Edited' });
    await world.sandbox.deleteAsLegacyUser('account', String(keys[1]));
    await world.sandbox.createAsLegacyUser('account', { Name: 'New' });
    expect((await loading).length).toBeGreaterThanOrEqual(3);
    const rows = await Organisation.findAll();
    const there = await world.sandbox.records('account');
    expect(rows.map(({ name }) => name).sort()).toEqual(there.map(({ Name }) => Name).sort());
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['Edited', 'New']));
    await second.close();
  });

  it('answers in the ordinary way while nothing can be followed', async () => {
    const { Organisation } = world.models;
    await account('A');
    await world.sandbox.failNext({
      ...{ method: 'GET', entitySet: 'accounts', status: 400, code: '0x80060888' },
      message: 'Change tracking is not enabled for this entity.',
    });
    expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['A']);
    await requests();
    await account('B');
    expect(await Organisation.findAll()).toHaveLength(2);
    expect(await requests()).toBe(1);
  });

  it('fails as the service does, and not twice', async () => {
    const { Organisation } = world.models;
    await account('A');
    await Organisation.findAll();
    await requests();
    await world.sandbox.failNext({ method: 'GET', form: 'drop', times: 4 });
    await expect(Organisation.findAll()).rejects.toThrow(/connection broke/);
    expect(await requests()).toBe(4);
    expect(await Organisation.findAll()).toHaveLength(1);
    expect(await requests()).toBe(1);
  });

  it('asks in the ordinary way while records could not be kept', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await Organisation.findAll();
    const long = 'x'.repeat(30);
    await world.sequelize.query(
      'ALTER TABLE organisations ALTER COLUMN telephone TYPE varchar(20)',
    );
    await world.sandbox.editAsLegacyUser('account', key, { Telephone1: long });
    await account('B');
    await expect(Organisation.findAll()).rejects.toBeInstanceOf(RejectedRecordError);
    const where = { name: 'B' };
    expect(await Organisation.findAll({ where })).toHaveLength(1);
    await world.sandbox.editAsLegacyUser('account', key, { Telephone1: '123' });
    expect((await Organisation.findAll()).map(({ telephone }) => telephone).sort()).toEqual([
      '123',
      null,
    ]);
    await requests();
    await Organisation.findAll();
    expect(await requests()).toBe(1);
  });
});
