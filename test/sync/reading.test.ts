import { randomUUID } from 'node:crypto';
import { NotInSyncError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { countStatements } from '../support/database';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('reading through the %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const account = async (name: string, more: object = {}): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name, ...more }]);
    return key;
  };

  it('brings over records that are not here yet, in one request', async () => {
    const { Organisation } = world.models;
    await account("O'Brien & Söhne 100% + #1");
    const found = await Organisation.findAll({ where: { name: "O'Brien & Söhne 100% + #1" } });
    expect(found.map(({ name }) => name)).toEqual(["O'Brien & Söhne 100% + #1"]);
    expect(await world.legacyCalls()).toHaveLength(1);
  });

  it('answers with what a CRM user has changed', async () => {
    const { Organisation } = world.models;
    const key = await account('Fictional Foundry');
    const [before] = await Organisation.findAll();
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'Fictional Forge' });
    const after = await Organisation.findByPk(before?.id);
    expect(after?.name).toBe('Fictional Forge');
    expect(after?.id).toBe(before?.id);
    expect(after?.modifiedAt).toEqual(after?.legacyModifiedAt);
  });

  it('does not answer with a row whose record a CRM user has deleted', async () => {
    const { Organisation } = world.models;
    const key = await account('Fictional Foundry');
    const kept = await account('Fictional Forge');
    await Organisation.findAll();
    await world.sandbox.deleteAsLegacyUser('account', key);
    const left = await Organisation.findAll();
    expect(left.map(({ legacyId }) => legacyId)).toEqual([kept]);
    const [deleted] = await Organisation.deletedVersions();
    expect(deleted?.values.name).toBe('Fictional Foundry');
    expect(deleted?.revision.comment).toBe('legacy refresh');
  });

  it('finds a row that no longer matches by its legacy contents', async () => {
    const { Organisation } = world.models;
    const key = await account('Fictional Foundry', { NumberOfEmployees: 5 });
    await Organisation.findAll();
    await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 50 });
    expect(await Organisation.findAll({ where: { employees: 5 } })).toEqual([]);
    expect(await Organisation.count({ where: { employees: 50 } })).toBe(1);
  });

  it('fetches a record by legacyId, and says null when there is none', async () => {
    const { Organisation } = world.models;
    const key = await account('Fictional Foundry');
    const found = await Organisation.findOne({ where: { legacyId: key } });
    expect(found?.name).toBe('Fictional Foundry');
    expect(await world.legacyCalls()).toHaveLength(1);
    expect(await Organisation.findOne({ where: { legacyId: randomUUID() } })).toBeNull();
  });

  it('fetches missing parents first, self references and cycles included', async () => {
    const { Organisation } = world.models;
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()] as [string, string, string];
    const sector = randomUUID();
    await world.sandbox.load('optevia_sector', [
      { optevia_sectorId: sector, optevia_name: 'Steel' },
    ]);
    await world.sandbox.load('account', [
      { AccountId: a, Name: 'A', ParentAccountId: b, optevia_Sector: sector },
      { AccountId: b, Name: 'B', ParentAccountId: c },
      { AccountId: c, Name: 'C', ParentAccountId: a },
    ]);
    const found = await Organisation.findOne({
      where: { legacyId: a },
      include: ['sector', 'parent'],
    });
    expect(found?.sector?.name).toBe('Steel');
    expect(found?.parent?.name).toBe('B');
    const parent = await found?.parent?.getParent();
    expect(parent?.name).toBe('C');
    expect((await parent?.getParent())?.name).toBe('A');
  });

  it('throws for rows that a skipped write left ahead, and names them', async () => {
    const { Organisation } = world.models;
    await account('Fictional Foundry');
    const [row] = await Organisation.findAll();
    await row?.set({ name: 'Changed here only' }).save({ skipLegacy: true });
    await world.legacyCalls();
    const refused = await Organisation.findAll().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NotInSyncError);
    expect((refused as NotInSyncError).rows).toEqual([
      expect.objectContaining({ id: row?.id, legacyId: row?.legacyId }),
    ]);
  });

  it('sends nothing for skipped calls, however they are skipped', async () => {
    const { Organisation } = world.models;
    await account('Fictional Foundry');
    const [row] = await Organisation.findAll({ include: ['contacts'] });
    await world.legacyCalls();
    await Organisation.skipLegacy().findAll({
      include: [{ association: 'contacts', separate: true }],
    });
    await Organisation.findAll({ skipLegacy: true, include: ['contacts'] });
    await Organisation.findAll({ freshness: 'local' });
    const [skipped] = await Organisation.skipLegacy().findAll();
    expect(skipped).toBeInstanceOf(Organisation);
    await skipped?.getContacts();
    await skipped?.set({ name: 'Local' }).save();
    await row?.destroy({ skipLegacy: true });
    await Organisation.skipLegacy().create({ name: 'Only here' });
    expect(await world.legacyCalls()).toEqual([]);
  });

  it('refreshes every leg of an include', async () => {
    const { Organisation } = world.models;
    const key = await account('Fictional Foundry');
    const contact = randomUUID();
    await world.sandbox.load('contact', [
      { ContactId: contact, LastName: 'Example', ParentCustomerId: key },
    ]);
    const read = (): Promise<string[] | undefined> =>
      Organisation.findOne({ where: { legacyId: key }, include: ['contacts'] }).then((row) =>
        row?.contacts?.map(({ lastName }) => lastName),
      );
    expect(await read()).toEqual(['Example']);
    await world.sandbox.editAsLegacyUser('contact', contact, { LastName: 'Specimen' });
    expect(await read()).toEqual(['Specimen']);
    await world.sandbox.deleteAsLegacyUser('contact', contact);
    expect(await read()).toEqual([]);
  });

  it('reads and counts through a many to many', async () => {
    const { Contact, Order } = world.models;
    const [org, contact, order, other] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await world.sandbox.load('account', [{ AccountId: org, Name: 'Fictional Foundry' }]);
    await world.sandbox.load('contact', [
      { ContactId: contact, LastName: 'Example', ParentCustomerId: org },
    ]);
    await world.sandbox.load('salesorder', [
      { SalesOrderId: order, OrderNumber: 'F-1', CustomerId: org, TotalAmount: '12.50' },
      { SalesOrderId: other, OrderNumber: 'F-2', CustomerId: org },
    ]);
    await world.sandbox.load('optevia_contactorder', [
      {
        optevia_contactorderId: randomUUID(),
        optevia_Contact: contact,
        optevia_Order: order,
      },
    ]);
    const row = await Contact.findOne({ where: { legacyId: contact } });
    const orders = await row?.getOrders();
    expect(orders?.map((one) => [one.orderNumber, one.totalAmount])).toEqual([['F-1', '12.50']]);
    const back = await Order.findOne({ where: { legacyId: order }, include: ['contacts'] });
    expect(back?.contacts?.map(({ lastName }) => lastName)).toEqual(['Example']);
    const page = await Order.findAndCountAll({ where: { organisationId: back?.organisationId } });
    expect(page.count).toBe(2);
  });

  it('asks for the first records only, when a page of rows is wanted', async () => {
    const { Organisation } = world.models;
    const start = Date.UTC(2026, 0, 1);
    const records = Array.from({ length: 120 }, (_, index) => ({
      AccountId: randomUUID(),
      Name: `Fictional ${index}`,
      CreatedOn: new Date(start + index * 1000),
    }));
    await world.sandbox.load('account', records);
    const latest = (): Promise<string[]> =>
      Organisation.findAll({ limit: 3, order: [['createdAt', 'DESC']] }).then((rows) =>
        rows.map(({ name }) => name),
      );
    expect(await latest()).toEqual(['Fictional 119', 'Fictional 118', 'Fictional 117']);
    expect(await world.legacyCalls()).toHaveLength(1);
    expect(await Organisation.findOne()).not.toBeNull();
    expect((await world.legacyCalls()).length).toBeLessThanOrEqual(3);
    expect(await Organisation.count({ skipLegacy: true })).toBeLessThanOrEqual(6);
    await world.sandbox.deleteAsLegacyUser('account', records[119]?.AccountId ?? '');
    await world.sandbox.deleteAsLegacyUser('account', records[117]?.AccountId ?? '');
    expect(await latest()).toEqual(['Fictional 118', 'Fictional 116', 'Fictional 115']);
    const second = await Organisation.findAll({
      limit: 2,
      offset: 1,
      order: [['createdAt', 'DESC']],
    });
    expect(second.map(({ name }) => name)).toEqual(['Fictional 116', 'Fictional 115']);
  });

  it('uses one request a page and a number of statements that does not grow', async () => {
    const { Organisation } = world.models;
    const costs: number[] = [];
    for (const size of [10, 50, 1000]) {
      await world.reset();
      const records = Array.from({ length: size }, (_, index) => ({
        AccountId: randomUUID(),
        Name: `Fictional ${index}`,
      }));
      await world.sandbox.load('account', records);
      await Organisation.count({ skipLegacy: true });
      await world.legacyCalls();
      const all = await countStatements(world.sequelize, async () => {
        expect(await Organisation.findAll()).toHaveLength(size);
      });
      const pages = face === 'dynamics2011' ? Math.ceil(size / 50) : 1;
      expect((await world.legacyCalls()).length).toBeLessThanOrEqual(pages + 1);
      costs.push(all);
      const again = await countStatements(world.sequelize, () => Organisation.findAll());
      costs.push(again);
    }
    expect(new Set([costs[0], costs[2], costs[4]]).size).toBe(1);
    expect(new Set([costs[1], costs[3], costs[5]]).size).toBe(1);
  });
});
