import { randomUUID } from 'node:crypto';
import { Op, col, fn, literal } from 'sequelize';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('reads of every shape answer as a converged copy would, %s face', (face) => {
  let world: DualWorld;
  const keys = { foundry: '', forge: '', mill: '', steel: '', ada: '', ben: '', order: '' };

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(async () => {
    await world.reset();
    for (const name of Object.keys(keys)) keys[name as keyof typeof keys] = randomUUID();
    await world.sandbox.load('optevia_sector', [
      { optevia_sectorId: keys.steel, optevia_name: 'Steel' },
    ]);
    await world.sandbox.load('account', [
      {
        AccountId: keys.foundry,
        Name: 'Fictional Foundry',
        NumberOfEmployees: 10,
        optevia_Sector: keys.steel,
      },
      {
        AccountId: keys.forge,
        Name: 'Fictional Forge',
        NumberOfEmployees: 20,
        ParentAccountId: keys.foundry,
      },
      { AccountId: keys.mill, Name: 'Fictional Mill' },
    ]);
    await world.sandbox.load('contact', [
      { ContactId: keys.ada, LastName: 'Example', ParentCustomerId: keys.foundry },
      { ContactId: keys.ben, LastName: 'Specimen', ParentCustomerId: keys.foundry },
    ]);
    await world.sandbox.load('salesorder', [
      { SalesOrderId: keys.order, OrderNumber: 'F-1', CustomerId: keys.foundry },
    ]);
    await world.sandbox.load('optevia_contactorder', [
      {
        optevia_contactorderId: randomUUID(),
        optevia_Contact: keys.ada,
        optevia_Order: keys.order,
      },
    ]);
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;
  /** Rows in a comparable order, without what differs by the time of the fetch. */
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, sorted(one)]))
        : value;

  const contacts = { association: 'contacts' };
  const reads: [string, object][] = [
    ['an include', { include: ['contacts', 'sector', 'parent', 'branches'] }],
    ['a nested include', { include: [{ ...contacts, include: [{ association: 'orders' }] }] }],
    ['a required include', { include: [{ ...contacts, required: true }] }],
    ['a where in an include', { include: [{ ...contacts, where: { lastName: 'Example' } }] }],
    [
      'a where in an include that is not required',
      { include: [{ ...contacts, where: { lastName: 'Example' }, required: false }] },
    ],
    ['a where in a parent', { include: [{ association: 'sector', where: { name: 'Steel' } }] }],
    ['a separate include', { include: [{ ...contacts, separate: true, order: ['lastName'] }] }],
    [
      'a separate include with a nested one',
      { include: [{ ...contacts, separate: true, include: ['orders'] }] },
    ],
    ['an include without attributes', { include: [{ ...contacts, attributes: [] }] }],
    [
      'few attributes everywhere',
      { attributes: ['name'], include: [{ ...contacts, attributes: ['lastName'] }] },
    ],
    [
      'a through without attributes',
      {
        include: [
          { ...contacts, include: [{ association: 'orders', through: { attributes: [] } }] },
        ],
      },
    ],
    [
      'a nested column in where',
      { where: { '$contacts.last_name$': 'Example' }, include: ['contacts'] },
    ],
    ['limit with an include', { include: ['contacts'], limit: 1, order: [['name', 'DESC']] }],
    [
      'limit with a required include',
      { include: [{ ...contacts, required: true }], limit: 1, order: ['name'] },
    ],
    [
      'a nested column in where, with a limit',
      {
        where: { '$contacts.last_name$': 'Example' },
        include: ['contacts'],
        limit: 2,
        subQuery: false,
        order: ['name'],
      },
    ],
    [
      'few attributes, a nested column in where, a limit',
      {
        attributes: ['name'],
        where: { '$contacts.last_name$': 'Example' },
        include: [{ ...contacts, attributes: [] }],
        limit: 2,
        subQuery: false,
        order: ['name'],
      },
    ],
    ['raw', { raw: true, include: ['contacts'] }],
    ['raw and nested', { raw: true, nest: true, include: ['sector'] }],
    ['offset and limit', { offset: 1, limit: 1, order: ['name'] }],
    ['order by an included column', { include: ['sector'], order: [['sector', 'name', 'ASC']] }],
    [
      'order by an alias',
      {
        attributes: ['name', [literal('coalesce(employees, 0)'), 'size']],
        order: [[literal('size'), 'DESC']],
        limit: 2,
      },
    ],
    [
      'group and having',
      {
        attributes: ['sectorId', [fn('COUNT', col('id')), 'n']],
        group: ['sectorId'],
        having: literal('count(*) > 0'),
        raw: true,
      },
    ],
    [
      'group over an include',
      {
        attributes: ['name', [fn('COUNT', col('contacts.id')), 'n']],
        include: [{ ...contacts, attributes: [] }],
        group: ['Organisation.id', 'Organisation.name'],
        raw: true,
        order: [[literal('n'), 'DESC']],
      },
    ],
    [
      'replacements',
      { where: literal('"Organisation"."employees" > :least'), replacements: { least: 5 } },
    ],
    [
      'replacements and few attributes',
      {
        attributes: ['name'],
        where: literal('"Organisation"."employees" > :least'),
        replacements: { least: 5 },
      },
    ],
    [
      'an aggregate in attributes',
      { attributes: [[fn('MAX', col('employees')), 'most']], raw: true },
    ],
    ['excluded attributes', { attributes: { exclude: ['legacyId', 'modifiedAt'] } }],
    ['included attributes', { attributes: { include: [[literal('1 + 1'), 'two']] } }],
    ['a where on the key', { where: { legacyId: { [Op.ne]: null } } }],
    ['no rows, with includes', { where: { name: 'Nobody' }, include: ['contacts', 'sector'] }],
    ['all includes', { include: [{ all: true }] }],
    ['a plain model as include', { include: 'contacts' }],
    ['distinct, grouped away', { attributes: [[fn('DISTINCT', col('name')), 'name']], raw: true }],
  ];

  const answersAsACopy = async (_title: string, options: object): Promise<void> => {
    const { Organisation, Contact, Order, ContactOrder } = world.models;
    const own = (): never =>
      ({ ...options, include: (options as { include?: unknown }).include }) as never;
    const first = plain(await Organisation.findAll(own()));
    // Everything is here now, so the local answer is the right one.
    await Promise.all([Organisation.findAll(), Contact.findAll(), Order.findAll()]);
    await ContactOrder.findAll();
    const local = plain(await Organisation.skipLegacy().findAll(own()));
    expect(sorted(first)).toEqual(sorted(local));
    expect(local).not.toBeNull();
    await world.sandbox.editAsLegacyUser('account', keys.foundry, { NumberOfEmployees: 11 });
    await world.sandbox.editAsLegacyUser('contact', keys.ada, { FirstName: 'Ada' });
    await world.sandbox.deleteAsLegacyUser('contact', keys.ben);
    await world.sandbox.createAsLegacyUser('contact', {
      LastName: 'Example',
      ParentCustomerId: keys.forge,
    });
    const second = plain(await Organisation.findAll(own()));
    await Promise.all([Organisation.findAll(), Contact.findAll(), Order.findAll()]);
    await ContactOrder.findAll();
    expect(sorted(second)).toEqual(sorted(plain(await Organisation.skipLegacy().findAll(own()))));
  };
  it.each(reads)('findAll: %s', answersAsACopy);

  it('counts', async () => {
    const { Organisation } = world.models;
    const page = await Organisation.findAndCountAll({
      include: [{ association: 'contacts', required: true }],
      distinct: true,
      limit: 1,
      order: ['name'],
    });
    expect([page.count, page.rows.map(({ name }) => name)]).toEqual([1, ['Fictional Foundry']]);
    expect(await Organisation.count({ include: ['contacts'], distinct: true })).toBe(3);
    expect(await Organisation.count({ include: ['contacts'] })).toBeGreaterThanOrEqual(3);
    expect(await Organisation.count({ distinct: true, col: 'sectorId' })).toBe(1);
    expect(await Organisation.sum('employees')).toBe(30);
    expect(await Organisation.max('employees')).toBe(20);
    expect(await Organisation.min('employees', { where: { employees: { [Op.gt]: 10 } } })).toBe(20);
    const groups = await Organisation.count({ group: ['sectorId'] });
    expect(groups.map(({ count }) => count).sort()).toEqual([1, 2]);
  });

  it('answers accessors of associations', async () => {
    const { Organisation, Contact, Order } = world.models;
    const foundry = await Organisation.findOne({
      where: { legacyId: keys.foundry },
      rejectOnEmpty: true,
    });
    expect(await foundry.getContacts()).toHaveLength(2);
    expect((await foundry.getSector())?.name).toBe('Steel');
    expect(await foundry.getBranches({ where: { name: 'Fictional Forge' } })).toHaveLength(1);
    const counted = foundry as never as {
      countContacts(): Promise<number>;
      hasContact(contact: unknown): Promise<boolean>;
    };
    expect(await counted.countContacts()).toBe(2);
    const ada = await Contact.findOne({ where: { legacyId: keys.ada }, rejectOnEmpty: true });
    expect(await counted.hasContact(ada)).toBe(true);
    const order = await Order.findOne({ where: { legacyId: keys.order }, rejectOnEmpty: true });
    const linked = ada as never as {
      countOrders(): Promise<number>;
      hasOrder(order: unknown): Promise<boolean>;
    };
    expect([await linked.countOrders(), await linked.hasOrder(order)]).toEqual([1, true]);
    expect(await ada.getOrders({ joinTableAttributes: [] })).toHaveLength(1);
    await world.sandbox.deleteAsLegacyUser('contact', keys.ben);
    expect(await counted.countContacts()).toBe(1);
    await world.sandbox.deleteAsLegacyUser('salesorder', keys.order);
    expect([await linked.countOrders(), await linked.hasOrder(order)]).toEqual([0, false]);
    await foundry.reload({ include: ['contacts'] });
    expect(foundry.contacts).toHaveLength(1);
    await world.sandbox.editAsLegacyUser('account', keys.foundry, { Name: 'Renamed' });
    await foundry.reload();
    expect(foundry.name).toBe('Renamed');
  });
});
