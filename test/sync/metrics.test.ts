import { randomUUID } from 'node:crypto';
import { NotConnectedError, syncMetrics } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { following } from '../support/following';

describe('the state of a connection in the text format of Prometheus', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', remap: following(['Contact']) });
    await world.sequelize.query('ALTER TABLE organisations ALTER name TYPE varchar(20)');
  });
  afterAll(() => world.close());

  const lines = async (maxAheadAgeMs = 0): Promise<Map<string, number>> => {
    const text = await syncMetrics(world.dualWrite, { maxAheadAgeMs });
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      samples.map((line) => {
        const [, name = '', value] = /^(\w+\{model="\w+"\}) (\S+)$/.exec(line) ?? [];
        return [name, Number(value)];
      }),
    );
  };

  it('is well formed: each metric is described once, before its samples', async () => {
    await world.models.Organisation.findAll();
    const text = await syncMetrics(world.dualWrite);
    expect(text.endsWith('\n')).toBe(true);
    const names = [...text.matchAll(/^# TYPE (\w+) (?:gauge|counter)$/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const block of text.split(/^(?=# HELP)/m)) {
      const [, name = ''] = /^# HELP (\w+) \S.*\n# TYPE \1 /.exec(block) ?? [];
      const [, , ...samples] = block.trimEnd().split('\n');
      expect(samples.length).toBeGreaterThan(0);
      for (const line of samples) expect(line.startsWith(`${name}{model="`)).toBe(true);
    }
  });

  it('counts rows that are ahead, rejected records and refreshes', async () => {
    const { Organisation } = world.models;
    await world.reset();
    const load = (Name: string): Promise<unknown> =>
      world.sandbox.load('account', [{ AccountId: randomUUID(), Name }]);
    await load('A');
    const before = await lines();
    const [row] = await Organisation.findAll();
    await row?.update({ name: 'B' }, { skipLegacy: true });
    await load('x'.repeat(30));
    await Organisation.findAll({ freshness: 'exact' }).catch(() => undefined);
    const after = await lines();
    expect(after.get('dual_write_ahead_rows{model="Organisation"}')).toBe(1);
    expect(after.get('dual_write_rejected{model="Organisation"}')).toBe(1);
    expect(after.get('dual_write_open_intents{model="Organisation"}')).toBe(0);
    const refreshes = 'dual_write_refreshes_total{model="Organisation"}';
    expect(after.get(refreshes)).toBeGreaterThan(before.get(refreshes) ?? Infinity);
    expect(after.get('dual_write_last_refresh_age_seconds{model="Organisation"}')).toBeLessThan(60);
    // A count that may be old is not made again.
    await row?.update({ name: 'A', legacyModifiedAt: new Date() }, { skipLegacy: true });
    expect((await lines(60_000)).get('dual_write_ahead_rows{model="Organisation"}')).toBe(1);
  });

  it('tells open intents from those in doubt, and how old these are', async () => {
    const { Organisation } = world.models;
    await world.reset();
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'Under way' }, { transaction });
      const metrics = await lines();
      expect(metrics.get('dual_write_open_intents{model="Organisation"}')).toBe(1);
      expect(metrics.get('dual_write_in_doubt{model="Organisation"}')).toBe(0);
      expect(metrics.has('dual_write_oldest_doubt_seconds{model="Organisation"}')).toBe(false);
    });
    await world.sequelize.query(
      `INSERT INTO dual_write_intents
         (id, unit, sequence, operation, model, local_id, legacy_id, sent, before, noted_at)
       VALUES (7, gen_random_uuid(), 0, 'create', 'Organisation', '1', gen_random_uuid(), '{}',
               '{}', now() - interval '90 seconds')`,
    );
    const metrics = await lines();
    expect(metrics.get('dual_write_open_intents{model="Organisation"}')).toBe(1);
    expect(metrics.get('dual_write_in_doubt{model="Organisation"}')).toBe(1);
    const age = metrics.get('dual_write_oldest_doubt_seconds{model="Organisation"}');
    expect(age).toBeGreaterThanOrEqual(90);
    expect(age).toBeLessThan(150);
  });

  it('says how far a followed model is behind, of the others nothing', async () => {
    await world.reset();
    await world.models.Contact.findAll();
    const metrics = await lines();
    expect(metrics.get('dual_write_feed_behind_seconds{model="Contact"}')).toBeLessThan(60);
    expect(metrics.has('dual_write_feed_behind_seconds{model="Organisation"}')).toBe(false);
  });

  it('sends nothing to the legacy system', async () => {
    await world.legacyCalls();
    await lines();
    expect(await world.legacyCalls()).toEqual([]);
  });
});

it('fails where nothing is connected any more', async () => {
  const world = await openDualWorld();
  await world.dualWrite.close();
  await expect(syncMetrics(world.dualWrite)).rejects.toThrow(NotConnectedError);
  await world.close().catch(() => undefined);
});
