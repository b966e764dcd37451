import { randomUUID } from 'node:crypto';
import { defineMigrator, field, type MigratorDefinition, type Migrator } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { following, joinProcess, type Process } from '../support/following';

type Remap = (migrators: readonly Migrator[]) => readonly Migrator[];
const followed = following(['Organisation', 'Interaction']);

/** The same mapping of a model, and something else. */
const changed =
  (name: string, more: Partial<MigratorDefinition>): Remap =>
  (migrators) =>
    followed(migrators).map(({ model, definition }) =>
      model.name === name
        ? defineMigrator(model, {
            ...definition,
            ...more,
            fields: { ...definition.fields, ...more.fields },
          })
        : { model, definition },
    );

describe('a followed model whose mapping is changed', () => {
  let world: DualWorld;
  const processes: Process[] = [];

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', remap: followed });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    for (const process of processes.splice(0)) await process.close();
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const join = async (remap: Remap): Promise<Process> => {
    const process = await joinProcess(world, { face: 'dataverse', remap });
    processes.push(process);
    return process;
  };
  /** How many of the requests since the last call read everything. */
  const loads = async (): Promise<number> => {
    const entries = await world.journal();
    await world.sandbox.clearJournal();
    return entries.filter(({ url }) => !/deltatoken|filter|orderby/.test(url)).length;
  };
  const account = (): Promise<void> =>
    world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'A' }]);

  it('is loaded again for other names of options', async () => {
    await world.sandbox.load('optevia_interaction', [
      { optevia_interactionId: randomUUID(), optevia_Subject: 'S', optevia_Channel: 1 },
    ]);
    const options = { phone: 3, email: 2, meeting: 1, letter: 4 };
    const property = 'optevia_channel';
    const other = await join(
      changed('Interaction', { fields: { channel: field.optionSet(property, options) } }),
    );
    expect((await world.models.Interaction.findAll())[0]?.channel).toBe('phone');
    expect(await loads()).toBe(1);
    expect((await other.models.Interaction.findAll())[0]?.channel).toBe('meeting');
    expect(await loads()).toBe(1);
  });

  it('is loaded again for another hook', async () => {
    await account();
    const note = async ({ models }: Pick<Process, 'models'>): Promise<unknown> =>
      (await models.Organisation.findAll())[0]?.internalNote;
    const upper = changed('Organisation', {
      fromLegacy: ({ values }) => ({ internalNote: String(values.name).toUpperCase() }),
    });
    const lower = changed('Organisation', {
      fromLegacy: ({ values }) => ({ internalNote: String(values.name).toLowerCase() }),
    });
    expect(await note(await join(upper))).toBe('A');
    expect(await note(await join(lower))).toBe('a');
    expect(await loads()).toBe(2);
    expect(await note(await join(lower))).toBe('a');
    expect(await loads()).toBe(0);
  });

  it('is loaded again for another number of the mapping', async () => {
    await account();
    let suffix = '1';
    const hook = changed('Organisation', { fromLegacy: () => ({ internalNote: suffix }) });
    const first = await join(hook);
    expect((await first.models.Organisation.findAll())[0]?.internalNote).toBe('1');
    suffix = '2';
    const unaware = await join(hook);
    expect((await unaware.models.Organisation.findAll())[0]?.internalNote).toBe('1');
    const raised = await join(
      changed('Organisation', {
        fromLegacy: () => ({ internalNote: suffix }),
        mappingVersion: 2,
      }),
    );
    expect((await raised.models.Organisation.findAll())[0]?.internalNote).toBe('2');
  });
});

describe('a followed model of which a row is locked', () => {
  it('is followed again soon after', async () => {
    const world = await openDualWorld({ face: 'dataverse', remap: followed });
    try {
      const { Organisation } = world.models;
      const key = randomUUID();
      await world.sandbox.load('account', [{ AccountId: key, Name: 'A' }]);
      await Organisation.findAll();
      await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
      const holder = await world.sequelize.transaction();
      const lock = holder.LOCK.UPDATE;
      await Organisation.skipLegacy().findAll({ transaction: holder, lock });
      await expect(Organisation.findAll()).rejects.toThrow('another transaction holds it');
      await holder.rollback();
      await world.legacyCalls();
      expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['B']);
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await world.sandbox.clearJournal();
      await Organisation.findAll();
      expect((await world.journal()).every(({ url }) => url.includes('deltatoken'))).toBe(true);
    } finally {
      await world.close();
    }
  });
});
