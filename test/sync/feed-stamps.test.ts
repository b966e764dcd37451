import { randomUUID } from 'node:crypto';
import { createLegacyClient } from '../../legacy-client';
import { connectLegacy, MappingError, type Freshness, type Migrator } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { openSequelize } from '../support/database';
import { following, joinProcess } from '../support/following';

const sweepEveryMs = 1500;
const followed = following(['Organisation'], { sweepEveryMs });
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('following the stamps of Dynamics 2011', () => {
  let world: DualWorld;
  const minute: Freshness = { maxAgeMs: 60_000 };
  const moment: Freshness = { maxAgeMs: 50 };

  beforeEach(async () => {
    world = await openDualWorld({ face: 'dynamics2011', remap: followed });
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await world.close();
  });

  const account = async (name: string, more: object = {}): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name, ...more }]);
    return key;
  };
  const names = async (freshness: Freshness): Promise<string[]> => {
    const { Organisation } = world.models;
    const rows = await Organisation.findAll({ order: ['name'], freshness });
    return rows.map(({ name }) => name);
  };
  /** What was asked for since the last call of this. */
  const asked = async (): Promise<string[]> => {
    const entries = await world.journal();
    await world.sandbox.clearJournal();
    return entries.map(({ key, url }) => {
      if (key !== null) return 'record';
      if (url.includes('$filter=ModifiedOn ge')) return 'changes';
      if (url.includes('$orderby=ModifiedOn desc')) return 'latest stamp';
      if (/^AccountSet\?\$select=AccountId(&\$skiptoken.*)?$/.test(url)) return 'keys';
      return url.includes('$filter') ? 'query' : 'page';
    });
  };

  it('asks each exact query itself, and loads nothing for it', async () => {
    const { Organisation } = world.models;
    const key = await account('A', { NumberOfEmployees: 1 });
    await account('B');
    const where = { employees: 1 };
    expect(await Organisation.findAll({ where })).toHaveLength(1);
    expect(await asked()).toEqual(['query']);
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'C' });
    expect((await Organisation.findOne({ where }))?.name).toBe('C');
    expect(await asked()).toEqual(['query']);
  });

  it('loads at the first need, and serves every read with one cheap request', async () => {
    const { Organisation } = world.models;
    for (let at = 0; at < 60; at += 1) await account(`Fictional ${at}`, { NumberOfEmployees: at });
    const key = await account('A', { NumberOfEmployees: 100 });
    expect(await Organisation.count({ freshness: minute })).toBe(61);
    expect(await asked()).toEqual(['latest stamp', 'page', 'page']);
    await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 200 });
    expect(await Organisation.max('employees', { freshness: minute })).toBe(100);
    expect(await asked()).toEqual([]);
    await rest(60);
    expect(await Organisation.max('employees', { freshness: moment })).toBe(200);
    expect(new Set(await asked())).toEqual(new Set(['changes']));
    const found = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        Organisation.findOne({ where: { employees: at }, freshness: minute }),
      ),
    );
    expect(found.every((row) => row !== null)).toBe(true);
    expect(await asked()).toEqual([]);
  });

  it('sees edits within the age, and deletions with the next sweep', async () => {
    const keys = [await account('A'), await account('B')] as const;
    expect(await names(moment)).toEqual(['A', 'B']);
    await world.sandbox.editAsLegacyUser('account', keys[0], { Name: 'C' });
    await world.sandbox.deleteAsLegacyUser('account', keys[1]);
    await asked();
    await rest(60);
    expect(await names(moment)).toEqual(['B', 'C']);
    expect(await asked()).toEqual(['changes']);
    await rest(sweepEveryMs);
    expect(await names(moment)).toEqual(['C']);
    const calls = await asked();
    expect(calls.slice(0, 2)).toEqual(['changes', 'keys']);
    // What is missing is asked for by its key, and confirmed by a GET of its own.
    expect(new Set(calls.slice(2))).toEqual(new Set(['record']));
    await rest(60);
    expect(await names(moment)).toEqual(['C']);
    expect(await asked()).toEqual(['changes']);
  });

  it('finds with the overlap what was stamped before the last look', async () => {
    await account('A');
    expect(await names(moment)).toEqual(['A']);
    await account('Late', { ModifiedOn: new Date(Date.now() - 120_000) });
    await rest(60);
    expect(await names(moment)).toEqual(['A', 'Late']);
  });

  it('finds with the sweep what came with an old stamp', async () => {
    await account('A');
    expect(await names(moment)).toEqual(['A']);
    await account('Imported', { ModifiedOn: new Date('2020-01-01T00:00:00Z') });
    await rest(60);
    expect(await names(moment)).toEqual(['A']);
    await rest(sweepEveryMs);
    expect(await names(moment)).toEqual(['A', 'Imported']);
  });

  it('shares a pull with other processes, and with reads at the same time', async () => {
    const second = await joinProcess(world, { face: 'dynamics2011', remap: followed });
    const key = await account('A');
    expect(await names(minute)).toEqual(['A']);
    await asked();
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
    const { Organisation } = second.models;
    expect((await Organisation.findAll({ freshness: minute })).map(({ name }) => name)).toEqual([
      'A',
    ]);
    expect(await asked()).toEqual([]);
    await rest(300);
    const freshness = { maxAgeMs: 250 };
    const models = [world.models.Organisation, Organisation];
    const rows = await Promise.all(
      Array.from({ length: 25 }, () => models.map((model) => model.findOne({ freshness }))).flat(),
    );
    expect(new Set(rows.map((row) => row?.name))).toEqual(new Set(['B']));
    expect(await asked()).toEqual(['changes']);
    await second.close();
  });

  it('shows own writes at once', async () => {
    const { Organisation } = world.models;
    await account('A');
    await names(minute);
    const row = await Organisation.create({ name: 'B' });
    await row.update({ employees: 1 });
    await asked();
    expect(await names(minute)).toEqual(['A', 'B']);
    expect(await Organisation.sum('employees', { freshness: minute })).toBe(1);
    await row.destroy();
    await asked();
    expect(await names(minute)).toEqual(['A']);
    expect(await asked()).toEqual([]);
  });

  it('names what cannot be followed', async () => {
    const sequelize = openSequelize(world.database);
    const { Organisation } = world.models;
    const connect = async (
      dialect: 'odata2' | 'odata4',
      follow: Migrator['definition']['follow'],
    ): Promise<unknown> => {
      const client = createLegacyClient({ baseUrl: 'http://127.0.0.1:9/', dialect });
      const definition = { entitySet: 'Pets', key: 'Id', fields: {}, ...(follow && { follow }) };
      return connectLegacy(sequelize, { client, migrators: [{ model: Organisation, definition }] });
    };
    await expect(connect('odata4', true)).rejects.toThrow(MappingError);
    await expect(connect('odata4', true)).rejects.toThrow(/odata4 has no feed of changes/);
    await expect(connect('odata2', true)).rejects.toThrow(/stamp of the last change/);
    await expect(connect('odata2', { sweepEveryMs: -1 })).rejects.toThrow(/follow\.sweepEveryMs/);
    await sequelize.close();
  });
});
