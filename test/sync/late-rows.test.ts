import { randomUUID } from 'node:crypto';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('rows that only the last check finds, %s face', (face) => {
  let world: DualWorld;
  const keys = { early: '', late: '', contact: '', order: '' };

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(async () => {
    await world.reset();
    for (const name of Object.keys(keys)) keys[name as keyof typeof keys] = randomUUID();
    await world.sandbox.load('account', [
      { AccountId: keys.late, Name: 'Late', NumberOfEmployees: 1 },
    ]);
    await world.models.Organisation.findAll();
    await world.sandbox.load('account', [
      { AccountId: keys.early, Name: 'Early', NumberOfEmployees: 5 },
    ]);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => world.close());

  /** Have something happen once, when the first list of a kind has been answered. */
  const afterList = (logicalName: string, act: () => Promise<unknown>): void => {
    const pages = world.client.pages.bind(world.client);
    let isOver = false;
    jest.spyOn(world.client, 'pages').mockImplementation(async function* (entity, ...rest) {
      yield* pages(entity, ...rest);
      if (isOver || entity.logicalName !== logicalName) return;
      isOver = true;
      await act();
    });
  };
  /** A record comes to match, and another reader stores it, while the read is under way. */
  const becomesLate = async (): Promise<void> => {
    await world.sandbox.load('contact', [
      { ContactId: keys.contact, LastName: 'Example', ParentCustomerId: keys.late },
    ]);
    await world.sandbox.load('salesorder', [{ SalesOrderId: keys.order, OrderNumber: 'F-1' }]);
    await world.sandbox.load('optevia_contactorder', [
      {
        ...{ optevia_contactorderId: randomUUID() },
        ...{ optevia_Contact: keys.contact, optevia_Order: keys.order },
      },
    ]);
    await world.sandbox.editAsLegacyUser('account', keys.late, { NumberOfEmployees: 5 });
    const [row] = await world.models.Organisation.findAll({ where: { name: 'Late' } });
    expect(row?.employees).toBe(5);
  };

  it('come with what belongs to them', async () => {
    const { Organisation } = world.models;
    afterList('account', becomesLate);
    const rows = await Organisation.findAll({
      where: { employees: 5 },
      include: [{ association: 'contacts', include: ['orders'] }],
      order: ['name'],
    });
    const shown = rows.map(({ name, contacts }) => [
      name,
      contacts?.map(({ lastName, orders }) => [lastName, orders?.map((one) => one.orderNumber)]),
    ]);
    expect(shown).toEqual([
      ['Early', []],
      ['Late', [['Example', ['F-1']]]],
    ]);
  });

  it('come so where they are rows of an include', async () => {
    const { Sector } = world.models;
    const optevia_sectorId = randomUUID();
    await world.sandbox.load('optevia_sector', [{ optevia_sectorId, optevia_name: 'Steel' }]);
    await Sector.findAll();
    await world.sandbox.editAsLegacyUser('optevia_sector', optevia_sectorId, {
      optevia_name: 'Steelworks',
    });
    afterList('account', async () => {
      await world.sandbox.editAsLegacyUser('account', keys.late, {
        optevia_Sector: optevia_sectorId,
      });
      await becomesLate();
    });
    const [sector] = await Sector.findAll({
      include: [{ association: 'organisations', include: ['contacts'] }],
    });
    const [late] = sector?.get('organisations') as { contacts: { lastName: string }[] }[];
    expect(late?.contacts.map(({ lastName }) => lastName)).toEqual(['Example']);
  });

  describe('a condition on rows of an include', () => {
    beforeEach(async () => {
      const contact = { ContactId: keys.contact, LastName: 'Example' };
      await world.sandbox.load('contact', [{ ...contact, ParentCustomerId: keys.late }]);
      await world.models.Organisation.findAll({ include: ['contacts'] });
    });

    const childless = { include: ['contacts'], where: { '$contacts.id$': null } as never };
    const changes: readonly [string, () => Promise<unknown>][] = [
      ['is gone', () => world.sandbox.deleteAsLegacyUser('contact', keys.contact)],
      [
        'belongs to another',
        () =>
          world.sandbox.editAsLegacyUser('contact', keys.contact, {
            ParentCustomerId: keys.early,
          }),
      ],
    ];
    it.each(changes)('finds what only a row kept away that %s', async (_name, change) => {
      const { Organisation } = world.models;
      expect((await Organisation.findAll(childless)).map(({ name }) => name)).toEqual(['Early']);
      await change();
      const names = (await Organisation.findAll(childless)).map(({ name }) => name).sort();
      const isThere = (await world.sandbox.records('contact')).length > 0;
      expect(names).toEqual(isThere ? ['Late'] : ['Early', 'Late']);
      expect(await Organisation.count(childless)).toBe(isThere ? 1 : 2);
    });

    it('is looked at by counts as well, in a transaction', async () => {
      const { Organisation } = world.models;
      await world.sandbox.deleteAsLegacyUser('contact', keys.contact);
      await world.sequelize.transaction(async (transaction) => {
        expect(await Organisation.count({ ...childless, transaction })).toBe(2);
      });
    });
  });
});
