import { randomUUID } from 'node:crypto';
import { Op } from 'sequelize';
import { datePart, type SyncExplanation } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('explainSync and refresh, %s face', (face) => {
  let world: DualWorld;
  const is2011 = face === 'dynamics2011';

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const urls = ({ root }: SyncExplanation): string[] =>
    root.requests.map(({ url }) => decodeURIComponent(url));

  it('says what a read would ask, and asks nothing', async () => {
    const { Organisation } = world.models;
    const read = {
      where: {
        employees: { [Op.gte]: 4.5 },
        name: 'Fictional Foundry',
        internalNote: 'kept here',
        [Op.and]: [datePart('year', 'foundedOn', 1998)],
      },
      include: ['contacts', 'sector'],
      limit: 2,
    };
    const explained = await Organisation.explainSync(read);
    expect(await world.legacyCalls()).toEqual([]);
    expect(explained.root.conditions).toEqual([
      { condition: 'year of foundedOn eq 1998', sent: 'exact' },
      { condition: 'employees gte 4.5', sent: 'exact' },
      expect.objectContaining({ condition: "name eq 'Fictional Foundry'", sent: 'wider' }),
      expect.objectContaining({ condition: "internalNote eq 'kept here'", sent: 'local' }),
    ]);
    const own = is2011 ? 'NumberOfEmployees ge 5' : 'numberofemployees ge 5';
    expect(urls(explained)).toEqual([expect.stringContaining(own)]);
    expect(explained.limit.pushed).toBe(false);
    expect(explained.root.includes.map(({ as, requests }) => [as, requests.length])).toEqual([
      ['contacts', 1],
      ['sector', 1],
    ]);
    const words = String(explained);
    expect(words).toContain('employees gte 4.5: exact');
    expect(words).toContain("internalNote eq 'kept here': local (internalNote is not mapped)");
    expect(JSON.parse(JSON.stringify(explained))).toEqual({ ...explained });
    expect(await world.legacyCalls()).toEqual([]);
  });

  it('says the request that is sent', async () => {
    const { Organisation } = world.models;
    const read = { where: { employees: [1, 2] }, order: [['createdAt', 'DESC']], limit: 3 };
    const explained = await Organisation.explainSync(read as never);
    expect(explained.limit).toMatchObject({ pushed: true });
    expect(explained.count.pushed).toBe(!is2011);
    await Organisation.findAll(read as never);
    const sent = (await world.journal()).map(({ url }) => url);
    expect(urls(explained).map((url) => url.slice(-(sent[0] ?? '').length))).toEqual(sent);
  });

  it('names what bounds a query that nothing of its own does', async () => {
    const { Organisation, Contact } = world.models;
    const explained = await Organisation.explainSync({
      where: { name: { [Op.notLike]: 'A%' } },
      include: [{ association: 'contacts', where: { lastName: 'Example' } }],
    });
    expect(String(explained)).toContain('bounded by contacts');
    const through = await Contact.explainSync({ include: ['orders'] });
    expect(through.root.includes.map(({ as }) => as)).toEqual(['orders, links', 'orders']);
  });

  it('brings the rows up to date that match, and removes those that are gone', async () => {
    const { Organisation } = world.models;
    const keys = [randomUUID(), randomUUID(), randomUUID()];
    const records = keys.map((key, index) => ({
      AccountId: key,
      Name: `Fictional ${index}`,
      NumberOfEmployees: 5,
    }));
    await world.sandbox.load('account', records);
    const where = { employees: 5 };
    expect(await Organisation.refresh({ where })).toEqual({ refreshed: 3, changed: 3, removed: 0 });
    expect(await Organisation.refresh({ where })).toEqual({ refreshed: 3, changed: 0, removed: 0 });
    await world.sandbox.editAsLegacyUser('account', keys[0] ?? '', { NumberOfEmployees: 6 });
    await world.sandbox.deleteAsLegacyUser('account', keys[1] ?? '');
    await world.sandbox.load('contact', [
      { ContactId: randomUUID(), LastName: 'Example', ParentCustomerId: keys[2] ?? '' },
    ]);
    const result = await Organisation.refresh({ where, include: ['contacts'] });
    expect(result).toEqual({ refreshed: 3, changed: 2, removed: 1 });
    const [rows] = await world.sequelize.query(
      'SELECT name, employees FROM organisations ORDER BY name',
    );
    expect(rows).toEqual([
      { name: 'Fictional 0', employees: 6 },
      { name: 'Fictional 2', employees: 5 },
    ]);
    await world.sequelize.transaction(async (transaction) => {
      await world.sandbox.editAsLegacyUser('account', keys[2] ?? '', { NumberOfEmployees: 7 });
      const own = await Organisation.refresh({ transaction });
      expect(own).toEqual({ refreshed: 2, changed: 1, removed: 0 });
    });
  });
});
