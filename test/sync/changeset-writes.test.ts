import { Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import {
  connectLegacy,
  DualWriteError,
  InDoubtError,
  LegacyError,
  LegacyResponseError,
  revision,
  SyncError,
  type ConnectOptions,
  type Version,
} from '../../src';
import type { SandboxRecord } from '../../legacy-client/sandbox';
import { endQuarantine } from '../crash/oracle';
import { openChangesetWorld, type ChangesetWorld } from '../support/changeset-world';

/** What a plug-in of the CRM makes of a name. */
const trimmed = (_name: string, values: SandboxRecord): SandboxRecord =>
  typeof values.Name === 'string' ? { ...values, Name: values.Name.trim() } : values;

describe("a transaction with writes: 'changeset'", () => {
  let world: ChangesetWorld;

  beforeAll(async () => {
    world = await openChangesetWorld({ onWrite: trimmed });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  it('is sent as one changeset, before its COMMIT', async () => {
    const { Organisation, Contact, Sector } = world.models;
    const [kept, doomed] = await Organisation.bulkCreate([{ name: 'Kept' }, { name: 'Doomed' }]);
    await world.legacyCalls();
    await world.sequelize.transaction(async (transaction) => {
      const sector = await Sector.create({ name: 'Steel' }, { transaction });
      await doomed?.destroy({ transaction });
      const made = await Organisation.create(
        { name: 'Made', sectorId: sector.id },
        { transaction },
      );
      await kept?.update({ employees: 5 }, { transaction });
      await Contact.create(
        { firstName: 'Fay', lastName: 'Fictional', organisationId: made.id },
        { transaction },
      );
      expect(await world.verbs()).toEqual([]);
      expect(await world.notes()).toBe(0);
    });
    const parts = await world.parts();
    expect(parts.map(({ method, entitySet }) => `${method} ${entitySet}`)).toEqual([
      'PATCH optevia_sectors',
      'PATCH accounts',
      'PATCH accounts',
      'PATCH contacts',
      'DELETE accounts',
    ]);
    expect(await world.names()).toEqual(['Kept', 'Made']);
    expect(await world.notes()).toBe(0);
  });

  it('gives rows, instances and versions what the CRM made of the values', async () => {
    const { Organisation } = world.models;
    const row = await world.sequelize.transaction(async (transaction) => {
      const created = await Organisation.create({ name: '  Spacious  ' }, { transaction });
      expect(created.name).toBe('  Spacious  ');
      return created;
    });
    expect(row.name).toBe('Spacious');
    expect(row.legacyVersion).not.toBeNull();
    expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
    expect(await world.names()).toEqual(['Spacious']);
    const versions = (await row.versions()) as unknown as Version[];
    expect(versions.map(({ kind, values }) => [kind, values.name])).toEqual([
      ['created', 'Spacious'],
    ]);
    // The instance vouches for what it holds: no request comes before the update.
    await world.legacyCalls();
    await row.update({ employees: 3 });
    expect(await world.verbs()).toEqual(['PATCH']);
  });

  it('keeps the revision in which a record was written', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    const row = await revision({ user: 'fay' }, () =>
      Organisation.create({ name: ' Named ' }, { transaction }),
    );
    await transaction.commit();
    const [version, ...others] = (await row.versions()) as unknown as Version[];
    expect(others).toEqual([]);
    expect(version).toMatchObject({ values: { name: 'Named' }, revision: { user: 'fay' } });
  });

  it('sends a single call as it would at once', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: ' Single ' });
    expect(row.name).toBe('Single');
    await row.update({ employees: 2 });
    await row.destroy();
    expect(await world.verbs()).toEqual(['PATCH', 'PATCH', 'DELETE']);
    expect(await world.names()).toEqual([]);
  });

  it('sends nothing when the caller throws, or a savepoint is rolled back', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    await world.legacyCalls();
    const thrown = world.sequelize.transaction(async (transaction) => {
      await row.update({ employees: 2 }, { transaction });
      await Organisation.create({ name: 'Never' }, { transaction });
      throw new Error('Not today.');
    });
    await expect(thrown).rejects.toThrow('Not today.');
    expect(await world.verbs()).toEqual([]);

    const fresh = await Organisation.findByPk(row.id, { rejectOnEmpty: true });
    await world.legacyCalls();
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'Outer' }, { transaction });
      const savepoint = await world.sequelize.transaction({ transaction });
      await fresh.update({ employees: 9 }, { transaction: savepoint });
      await Organisation.create({ name: 'Inner' }, { transaction: savepoint });
      await fresh.destroy({ transaction: savepoint });
      await savepoint.rollback();
    });
    expect(await world.verbs()).toEqual(['PATCH']);
    expect(await world.names()).toEqual(['Kept', 'Outer']);
    expect(await world.notes()).toBe(0);
  });

  it('knows values of a savepoint that was rolled back for none of the record', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1, telephone: '01' });
    await world.sequelize
      .transaction(async (transaction) => {
        const savepoint = await world.sequelize.transaction({ transaction });
        await row.update({ employees: 2 }, { transaction: savepoint });
        await savepoint.rollback();
        await row.update({ employees: 3, telephone: '03' }, { transaction });
        await Organisation.create({ name: 'Beside' }, { transaction });
        // What a failed COMMIT takes back is what the CRM had.
        await world.sandbox.loseResponse({ method: 'BATCH' });
      })
      .catch(() => undefined);
    const [record] = await world.sandbox.records('account');
    expect(record).toMatchObject({ Name: 'Kept', NumberOfEmployees: 1, Telephone1: '01' });
  });

  it('fails as a whole when one write is refused, and says which', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    await Organisation.create({ name: 'Beside' });
    await world.sandbox.failNext({
      ...{ method: 'PATCH', key: String(row.legacyId), status: 400 },
      message: 'A plug-in says no.',
    });
    const work = world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'First' }, { transaction });
      await row.update({ employees: 2 }, { transaction });
      await Organisation.create({ name: 'Last' }, { transaction });
    });
    const error = await work.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DualWriteError);
    expect(error).toMatchObject({
      ...{ model: 'Organisation', id: row.id, legacyId: row.legacyId },
      ...{ operation: 'update', legacy: 'undone' },
    });
    expect((error as Error).message).toContain('A plug-in says no.');
    expect((error as Error).cause).toBeInstanceOf(LegacyResponseError);
    expect(await world.names()).toEqual(['Beside', 'Kept']);
    expect(await world.notes()).toBe(0);
    expect(await row.versions()).toHaveLength(1);
  });

  it('is undone as a whole when its answer is lost', async () => {
    const { Organisation } = world.models;
    const [row, doomed] = await Organisation.bulkCreate([
      { name: 'Kept', employees: 1 },
      { name: 'Doomed' },
    ]);
    await world.sandbox.loseResponse({ method: 'BATCH' });
    const work = world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'Made' }, { transaction });
      await row?.update({ employees: 2 }, { transaction });
      await doomed?.destroy({ transaction });
    });
    await expect(work).rejects.toThrow(LegacyError);
    // What the CRM has deleted is gone here, too; the others were taken back.
    expect(await world.names()).toEqual(['Kept']);
    const [record] = await world.sandbox.records('account');
    expect(record).toMatchObject({ NumberOfEmployees: 1 });
    expect(await world.notes()).toBe(0);
  });

  it('is in doubt while its changeset may still arrive', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    await world.sandbox.delayNext({ method: 'BATCH', delayMs: 2500, when: 'before' });
    const work = world.sequelize.transaction(async (transaction) => {
      await row.update({ employees: 2 }, { transaction });
      await Organisation.create({ name: 'Made' }, { transaction });
    });
    await expect(work).rejects.toThrow(DualWriteError);
    await expect(row.update({ employees: 3 })).rejects.toThrow(InDoubtError);
    // It has arrived: what it did is taken back. No other copy of a create is under way, but recovery
    // does not know that.
    await world.dualWrite.recover();
    expect(await world.names()).toEqual(['Kept']);
    await endQuarantine(world);
    await world.dualWrite.recover();
    expect(await world.notes()).toBe(0);
  });

  it('is taken back when the service fails in its own words, applied or not', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    for (const afterApplying of [false, true]) {
      await world.sandbox.failNext({ method: 'BATCH', status: 500, message: 'No.', afterApplying });
      const work = world.sequelize.transaction(async (transaction) => {
        const again = await Organisation.findByPk(row.id, { transaction, rejectOnEmpty: true });
        await again.update({ employees: 2 }, { transaction });
        await Organisation.create({ name: 'Made' }, { transaction });
      });
      await expect(work).rejects.toThrow(LegacyResponseError);
      expect(await world.names()).toEqual(['Kept']);
      expect(await world.notes()).toBe(0);
    }
  });

  it('sends nothing when a deferred constraint refuses its COMMIT', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept' });
    await world.sequelize.query(
      `ALTER TABLE organisations ADD CONSTRAINT only_once UNIQUE (name)
         DEFERRABLE INITIALLY DEFERRED`,
    );
    await world.legacyCalls();
    try {
      const work = world.sequelize.transaction(async (transaction) => {
        await row.update({ employees: 2 }, { transaction });
        await Organisation.create({ name: 'Kept' }, { transaction });
      });
      await expect(work).rejects.toThrow();
    } finally {
      await world.sequelize.query('ALTER TABLE organisations DROP CONSTRAINT only_once');
    }
    expect(await world.verbs()).toEqual([]);
    expect(await world.notes()).toBe(0);
  });

  it('reports a COMMIT that PostgreSQL turned into a rollback', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    await Organisation.create({ name: 'Never' }, { transaction });
    await world.sequelize.query('SELECT 1 / 0', { transaction }).catch(() => undefined);
    await expect(transaction.commit()).rejects.toThrow(DualWriteError);
    expect(await world.verbs()).toEqual([]);
    expect(await world.names()).toEqual([]);
  });

  it('waits for writes that nobody has awaited', async () => {
    const { Organisation } = world.models;
    const created: Promise<unknown>[] = [];
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.count({ transaction });
      created.push(Organisation.create({ name: 'A' }, { transaction }));
      created.push(Organisation.create({ name: 'B' }, { transaction }));
      await new Promise((resolve) => setImmediate(resolve));
      await world.legacyCalls();
    });
    await Promise.all(created);
    expect(await world.verbs()).toEqual(['BATCH']);
    expect(await world.names()).toEqual(['A', 'B']);
  });

  it('may hold no more writes than one changeset takes', async () => {
    const { Organisation } = world.models;
    const names = Array.from({ length: 1001 }, (_, index) => ({ name: `Number ${index}` }));
    const error = await Organisation.bulkCreate(names).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SyncError);
    expect((error as Error).message).toContain('one changeset takes 1000');
    expect(await world.verbs()).toEqual([]);
    expect(await world.names()).toEqual([]);
  }, 120_000);

  // It is last: its second world takes the models over.
  it('needs one request where writes sent at once need ten', async () => {
    const verbsOf = async ({ models, sequelize, ...others }: ChangesetWorld): Promise<string[]> => {
      const { Organisation } = models;
      const names = ['1', '2', '3', '4', '5'].map((name) => ({ name }));
      const rows = await Organisation.bulkCreate(names);
      await others.legacyCalls();
      await sequelize.transaction(async (transaction) => {
        for (const row of rows) await row.update({ employees: 7 }, { transaction });
        for (const values of names) await Organisation.create(values, { transaction });
      });
      return others.verbs();
    };
    expect(await verbsOf(world)).toEqual(['BATCH']);
    const immediate = await openChangesetWorld({ writes: 'immediate' });
    try {
      expect(await verbsOf(immediate)).toEqual(Array.from({ length: 10 }, () => 'PATCH'));
    } finally {
      await immediate.close();
    }
  });
});

describe("writes: 'changeset' where there are no changesets", () => {
  const connect = async (options: Partial<ConnectOptions>): Promise<unknown> => {
    const sequelize = new Sequelize('postgres://127.0.0.1:1/none', { logging: false });
    const client = createLegacyClient({ baseUrl: 'http://127.0.0.1:1', dialect: 'dynamics2011' });
    try {
      return await connectLegacy(sequelize, { client, migrators: [], ...options });
    } finally {
      client.close();
    }
  };

  it('is refused at once by dialects without them', async () => {
    await expect(connect({ writes: 'changeset' })).rejects.toThrow(
      'needs a service with atomic $batch changesets, which dynamics2011 has not',
    );
    await expect(connect({ writes: 'sometimes' as never })).rejects.toThrow(
      "writes is 'immediate' or 'changeset', not 'sometimes'",
    );
  });

  it('is refused when the server says that it has none, and nothing was sent', async () => {
    const world = await openChangesetWorld();
    try {
      const { Organisation } = world.models;
      const work = (): Promise<unknown> =>
        Organisation.bulkCreate([{ name: 'A' }, { name: 'B' }]).catch((reason: unknown) => reason);
      await world.sandbox.failNext({ method: 'BATCH', status: 405 });
      for (const time of [1, 2]) {
        const error = await work();
        expect(error).toBeInstanceOf(SyncError);
        expect((error as Error).message).toContain('has no $batch');
        expect(await world.verbs()).toEqual(time === 1 ? ['BATCH'] : []);
      }
      expect(await world.names()).toEqual([]);
      expect(await world.notes()).toBe(0);
    } finally {
      await world.close();
    }
  });
});
