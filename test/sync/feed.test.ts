import { randomUUID } from 'node:crypto';
import { NotInSyncError, SyncError } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { following } from '../support/following';

const followed = following(['Organisation', 'Contact']);
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('following the changes of Dataverse', () => {
  let world: DualWorld;
  const logged: string[] = [];
  const note = (_: object, message: string): void => {
    logged.push(message);
  };
  const logger = { debug: note, info: note, warn: note, error: note };

  beforeAll(async () => {
    world = await openDualWorld({ face: 'dataverse', remap: followed, logger });
  });
  beforeEach(async () => {
    await world.reset();
    logged.length = 0;
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const account = async (name: string, more: object = {}): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name, ...more }]);
    return key;
  };
  const edit = (key: string, changes: Record<string, string | number>): Promise<unknown> =>
    world.sandbox.editAsLegacyUser('account', key, changes);
  /** The requests since the last call: of what, and whether they follow, load or ask as usual. */
  const asked = async (): Promise<string[]> => {
    const entries = await world.journal();
    await world.sandbox.clearJournal();
    return entries.map(({ entitySet, url, key }) => {
      if (url.includes('$deltatoken')) return `follow ${entitySet}`;
      if (key !== null || url.includes('$filter') || url.includes('$orderby')) {
        return `ask ${entitySet}`;
      }
      return `load ${entitySet}`;
    });
  };
  const versions = async (): Promise<number> => {
    const [rows] = await world.sequelize.query('SELECT count(*)::int AS n FROM record_versions');
    return (rows as { n: number }[])[0]?.n ?? 0;
  };
  const names = async (options: object = {}): Promise<string[]> => {
    const rows = await world.models.Organisation.findAll({ order: ['name'], ...options });
    return rows.map(({ name }) => name);
  };

  it('loads at the first need, then asks once a read, whatever is read', async () => {
    const { Organisation } = world.models;
    const key = await account('A', { NumberOfEmployees: 1 });
    await account('B', { NumberOfEmployees: 2 });
    expect(await names({ where: { employees: 1 } })).toEqual(['A']);
    expect(await asked()).toEqual(['load accounts']);
    await edit(key, { Name: 'C', NumberOfEmployees: 3 });
    expect(await names()).toEqual(['B', 'C']);
    expect(await asked()).toEqual(['follow accounts']);
    await account('D');
    expect(await Organisation.count()).toBe(3);
    expect(await asked()).toEqual(['follow accounts']);
    const row = await Organisation.findOne({ where: { employees: 3 } });
    expect(row?.name).toBe('C');
    await edit(key, { Name: 'E' });
    expect((await Organisation.findByPk(row?.id))?.name).toBe('E');
    await row?.reload();
    expect(row?.name).toBe('E');
    expect(await Organisation.sum('employees')).toBe(5);
    const page = await Organisation.findAll({ limit: 1, offset: 1, order: ['name'] });
    expect(page.map(({ name }) => name)).toEqual(['D']);
    // A condition that nothing can say over there costs no more.
    expect(await names({ where: { internalNote: null } })).toEqual(['B', 'D', 'E']);
    expect(await asked()).toEqual(Array.from({ length: 6 }, () => 'follow accounts'));
    expect(await Organisation.findAll({ where: { id: [] } })).toEqual([]);
    expect(await asked()).toEqual([]);
  });

  it('sees deletions, also of records that it has never seen', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await account('B');
    expect(await names()).toEqual(['A', 'B']);
    const unseen = await account('C');
    await world.sandbox.deleteAsLegacyUser('account', key);
    await world.sandbox.deleteAsLegacyUser('account', unseen);
    await asked();
    expect(await names()).toEqual(['B']);
    // The tombstone is the service's own word: no GET confirms it.
    expect(await asked()).toEqual(['follow accounts']);
    expect(await Organisation.count({ skipLegacy: true })).toBe(1);
    const [deleted] = await Organisation.deletedVersions();
    expect([deleted?.values.name, deleted?.revision.comment]).toEqual(['A', 'legacy refresh']);
    await world.sandbox.createAsLegacyUser('account', { AccountId: key, Name: 'Again' });
    expect(await names()).toEqual(['Again', 'B']);
  });

  it('shares pulls between reads that are made at once', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await names();
    await asked();
    await edit(key, { Name: 'B' });
    const found = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        at % 2 === 0 ? Organisation.findOne({ where: { legacyId: key } }) : Organisation.findOne(),
      ),
    );
    expect(new Set(found.map((row) => row?.name))).toEqual(new Set(['B']));
    expect((await asked()).length).toBeLessThanOrEqual(2);
  });

  it('never answers from a pull that was sent before the call', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await names();
    let written = 0;
    let isOver = false;
    const editing = (async () => {
      while (written < 40) {
        await edit(key, { NumberOfEmployees: written + 1 });
        written += 1;
        await rest(5);
      }
      isOver = true;
    })();
    const stale: string[] = [];
    const reading = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const least = written;
        const row = await Organisation.findOne();
        if ((row?.employees ?? 0) < least) stale.push(`${row?.employees ?? 0} < ${least}`);
      }
    });
    await Promise.all([editing, ...reading]);
    expect(stale).toEqual([]);
  });

  it('answers an include that is followed by its own pull, and bounds one that is not', async () => {
    const { Organisation, Order } = world.models;
    const key = await account('A');
    const other = await account('Other');
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await world.sandbox.load('contact', [
      { ContactId: mine, LastName: 'Example', ParentCustomerId: key },
    ]);
    await world.sandbox.load('salesorder', [
      { SalesOrderId: randomUUID(), OrderNumber: '1', CustomerId: key },
      { SalesOrderId: theirs, OrderNumber: '2', CustomerId: other },
    ]);
    const options = { where: { name: 'A' }, include: ['contacts'] };
    await Organisation.findAll(options);
    await asked();
    await world.sandbox.editAsLegacyUser('contact', mine, { LastName: 'Specimen' });
    const [row] = await Organisation.findAll(options);
    expect(row?.contacts?.map(({ lastName }) => lastName)).toEqual(['Specimen']);
    expect((await asked()).sort()).toEqual(['follow accounts', 'follow contacts']);
    const [withOrders] = await Organisation.findAll({
      ...options,
      include: ['contacts', 'orders'],
    });
    expect(withOrders?.orders?.map(({ orderNumber }) => orderNumber)).toEqual(['1']);
    expect((await asked()).sort()).toEqual([
      'ask salesorders',
      'follow accounts',
      'follow contacts',
    ]);
    // Only what belongs to the answer was asked for.
    expect(await Order.count({ skipLegacy: true })).toBe(1);
    const orders = await Order.findAll({
      include: [{ association: 'organisation', include: ['contacts'] }],
    });
    expect(orders.map(({ organisation }) => organisation?.name).sort()).toEqual(['A', 'Other']);
    expect((await asked()).sort()).toEqual([
      ...['follow accounts', 'follow contacts', 'load salesorders'],
    ]);
  });

  it('keeps to the rules for rows that are ahead, and catches up with them afterwards', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await account('B');
    await names();
    const row = await Organisation.findOne({ where: { legacyId: key } });
    await row?.update({ employees: 1 }, { skipLegacy: true });
    await edit(key, { Name: 'Changed' });
    await expect(names()).rejects.toBeInstanceOf(NotInSyncError);
    expect(await names({ where: { name: 'B' } })).toEqual(['B']);
    await names({ where: { name: 'B' } });
    // The row is no longer ahead, by somebody's own hand: its change was not forgotten.
    await world.sequelize.query('UPDATE organisations SET modified_at = legacy_modified_at');
    expect(await names()).toEqual(['B', 'Changed']);
  });

  it('asks in the ordinary way while a skipped write hides what the CRM would show', async () => {
    const { Organisation } = world.models;
    await account('A');
    await account('B');
    await names();
    const row = await Organisation.findOne({ where: { name: 'A' } });
    await row?.update({ name: 'Local' }, { skipLegacy: true });
    // Over there it still has the name.
    await expect(names({ where: { name: 'A' } })).rejects.toBeInstanceOf(NotInSyncError);
    expect(await names({ where: { name: 'B' } })).toEqual(['B']);
    await row?.update({ name: 'C' });
    expect(await names()).toEqual(['B', 'C']);
    await asked();
    expect(await names()).toEqual(['B', 'C']);
    expect(await asked()).toEqual(['follow accounts']);
  });

  it('brings back what skipped calls have removed', async () => {
    const { Organisation, Contact } = world.models;
    const key = await account('A');
    await account('B');
    await world.sandbox.load('contact', [
      { ContactId: randomUUID(), LastName: 'Example', ParentCustomerId: key },
    ]);
    await names();
    await Contact.findAll();
    await Contact.destroy({ where: {}, skipLegacy: true });
    await Organisation.destroy({ where: { legacyId: key }, skipLegacy: true });
    expect(await names()).toEqual(['A', 'B']);
    const [contact] = await Contact.findAll({ include: ['organisation'] });
    expect(contact?.organisation?.name).toBe('A');
    const row = await Organisation.findOne({ where: { name: 'B' } });
    await row?.destroy({ skipLegacy: true });
    expect(await names()).toEqual(['A', 'B']);
    await Contact.skipLegacy().destroy({ truncate: true, cascade: true });
    expect(await Contact.count()).toBe(1);
    await world.sequelize.transaction(async (transaction) => {
      await Contact.destroy({ where: {}, transaction, skipLegacy: true });
      expect(await Contact.count()).toBe(1);
    });
    expect(await Contact.count()).toBe(1);
    await asked();
    expect(await names()).toEqual(['A', 'B']);
    expect(await Contact.count()).toBe(1);
    expect(await asked()).toEqual(['follow accounts', 'follow contacts']);
  });

  it('leaves rows to a write under way, and catches up with them afterwards', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await names();
    const row = await Organisation.findOne({ where: { legacyId: key } });
    await world.sequelize.transaction(async (transaction) => {
      await row?.update({ employees: 5 }, { transaction });
      await edit(key, { Name: 'Later' });
      expect(await names()).toEqual(['A']);
      // Its own transaction asks in the ordinary way, and sees both.
      const own = await Organisation.findOne({ transaction });
      expect([own?.name, own?.employees]).toEqual(['Later', 5]);
    });
    const [after] = await Organisation.findAll();
    expect([after?.name, after?.employees]).toEqual(['Later', 5]);
  });

  it('finds nothing new in what it has written itself', async () => {
    const { Organisation } = world.models;
    await names();
    const row = await Organisation.create({ name: 'Own' });
    await row.update({ employees: 1 });
    const before = await versions();
    await asked();
    expect(await names()).toEqual(['Own']);
    expect(await asked()).toEqual(['follow accounts']);
    expect(await versions()).toBe(before);
    await row.destroy();
    await asked();
    expect(await names()).toEqual([]);
    expect(await asked()).toEqual(['follow accounts']);
    const undone = world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'Undone' }, { transaction });
      throw new Error('No');
    });
    await expect(undone).rejects.toThrow('No');
    expect(await names()).toEqual([]);
  });

  it('asks in the ordinary way where following cannot be right', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await names();
    await edit(key, { Name: 'B' });
    await asked();
    const isolationLevel = 'REPEATABLE READ' as never;
    await world.sequelize.transaction({ isolationLevel }, async (transaction) => {
      expect(await names({ transaction })).toEqual(['B']);
    });
    expect(await asked()).not.toContain('follow accounts');
    await world.sequelize.transaction(async (transaction) => {
      await edit(key, { Name: 'C' });
      expect(await names({ transaction })).toEqual(['C']);
      expect(await asked()).toEqual(['follow accounts']);
      await Organisation.create({ name: 'Own' }, { transaction });
      await asked();
      await edit(key, { Name: 'D' });
      expect(await names({ transaction })).toEqual(['D', 'Own']);
      expect(await asked()).not.toContain('follow accounts');
    });
  });

  it('reads everything again when its token has expired', async () => {
    const key = await account('A');
    await account('B');
    await names();
    await world.sandbox.deleteAsLegacyUser('account', key);
    await account('C');
    await world.sandbox.expireChangeTokens();
    await asked();
    expect(await names()).toEqual(['B', 'C']);
    const calls = await asked();
    expect(calls.slice(0, 2)).toEqual(['follow accounts', 'load accounts']);
    // What is missing is asked for, and confirmed to be gone.
    expect(calls.slice(2).every((call) => call === 'ask accounts')).toBe(true);
    expect(logged).toContain('The token of a feed has expired');
    expect(await names()).toEqual(['B', 'C']);
    expect(await asked()).toEqual(['follow accounts']);
  });

  it('does not rely on a token that it has not used for long', async () => {
    await account('A');
    await names();
    await world.sequelize.query(
      `UPDATE dual_write_feeds SET asked_at = asked_at - interval '6 days 1 hour'`,
    );
    await asked();
    await names();
    expect(await asked()).toEqual(['load accounts']);
  });

  it('keeps what others refer to, leaves it out, and removes it when it can', async () => {
    const { Contact, Interaction } = world.models;
    const [contact, interaction] = [randomUUID(), randomUUID()];
    await world.sandbox.load('contact', [{ ContactId: contact, LastName: 'Example' }]);
    await world.sandbox.load('optevia_interaction', [
      { optevia_interactionId: interaction, optevia_Subject: 'Call', optevia_Contact: contact },
    ]);
    await Interaction.findAll({ include: ['contact'] });
    await world.sandbox.deleteAsLegacyUser('contact', contact);
    await asked();
    expect(await Contact.findAll()).toEqual([]);
    expect(await Contact.count()).toBe(0);
    expect(await asked()).toEqual(['follow contacts', 'follow contacts']);
    expect(await Contact.count({ skipLegacy: true })).toBe(1);
    expect(await Interaction.findAll()).toEqual([]);
    expect(await Contact.findAll()).toEqual([]);
    expect(await Contact.count({ skipLegacy: true })).toBe(0);
  });

  it('removes no more than the limits allow', async () => {
    const { Organisation } = world.models;
    const keys = Array.from({ length: 150 }, () => randomUUID() as string);
    await world.sandbox.load(
      'account',
      keys.map((key) => ({ AccountId: key, Name: 'Fictional' })),
    );
    expect(await Organisation.count()).toBe(150);
    for (const key of keys.slice(0, 120)) await world.sandbox.deleteAsLegacyUser('account', key);
    await expect(Organisation.count()).rejects.toThrow(SyncError);
    await expect(Organisation.findAll()).rejects.toThrow(/limits\.maxRemovals/);
    expect(await Organisation.count({ skipLegacy: true })).toBe(150);
    expect(logged).toContain('A feed failed; reads ask in the ordinary way');
  });
});
