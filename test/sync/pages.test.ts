import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { Op, type FindOptions } from 'sequelize';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('pages, %s face', (face) => {
  let world: DualWorld;
  const keys = Array.from({ length: 70 }, () => randomUUID() as string);

  beforeAll(async () => {
    world = await openDualWorld({ face });
    await world.sandbox.load(
      'account',
      keys.map((key, index) => ({
        AccountId: key,
        // Distinct, so that every order by them is a total one.
        Name: `${index % 2 === 0 ? 'fictional' : 'Fictional'} ${String(index * 7).padStart(3, '0')}`,
        NumberOfEmployees: index % 5 === 0 ? null : (index * 37) % 11,
        Revenue: index % 7 === 0 ? null : `${(index * 13) % 17}.00`,
        optevia_ukorganisation: [true, false, null][index % 3] ?? null,
        optevia_FoundedOn: index % 4 === 0 ? null : `19${10 + (index % 80)}-01-01`,
      })),
    );
  });
  afterAll(() => world.close());

  const direction = fc.constantFrom(
    'ASC',
    'DESC',
    'ASC NULLS FIRST',
    'ASC NULLS LAST',
    'DESC NULLS LAST',
    'DESC NULLS FIRST',
  );
  const sortKey = fc.tuple(
    fc.constantFrom('employees', 'revenue', 'isUk', 'foundedOn', 'name', 'createdAt', 'legacyId'),
    direction,
  );
  const where = fc.constantFrom(
    {},
    { employees: { [Op.gt]: 3 } },
    { isUk: true },
    { name: { [Op.startsWith]: 'Fict' } },
    { internalNote: null },
    { [Op.or]: [{ isUk: false }, { employees: null }] },
  );
  const page = fc.record({
    where,
    order: fc.array(sortKey, { maxLength: 2 }).map((order) => [...order, ['name', 'ASC']]),
    limit: fc.constantFrom(1, 2, 7, 60),
    offset: fc.constantFrom(0, 1, 5, 69),
    change: fc.constantFrom('nothing', 'a deletion', 'an edit', 'a creation'),
    whole: fc.boolean(),
  });

  it('answer as the converged table does, whatever the order, and whatever a CRM user does', async () => {
    const { Organisation } = world.models;
    let made = 0;
    await fc.assert(
      fc.asyncProperty(page, fc.nat(), async ({ change, whole, ...read }, at) => {
        const records = await world.sandbox.records('account');
        const key = String(records[at % records.length]?.AccountId);
        if (change === 'a deletion') await world.sandbox.deleteAsLegacyUser('account', key);
        if (change === 'an edit') {
          await world.sandbox.editAsLegacyUser('account', key, {
            NumberOfEmployees: at % 3 === 0 ? null : at % 12,
            optevia_ukorganisation: at % 2 === 0,
          });
        }
        made += 1;
        const values = { Name: `New ${made}`, NumberOfEmployees: at % 12 };
        if (change === 'a creation') await world.sandbox.createAsLegacyUser('account', values);
        const options = (whole ? read : { ...read, attributes: ['name'] }) as FindOptions;
        const found = (await Organisation.findAll(options)).map(({ name }) => name);
        await Organisation.findAll();
        const local = await Organisation.skipLegacy().findAll(read as FindOptions);
        expect(found).toEqual(local.map(({ name }) => name));
      }),
      { numRuns: 120 },
    );
  }, 120_000);

  it('answer findOne as the converged table does, from an empty one', async () => {
    const { Organisation } = world.models;
    await fc.assert(
      fc.asyncProperty(page, async ({ where: condition, order, offset }) => {
        await world.sequelize.query('TRUNCATE organisations, dual_write_known CASCADE');
        const options = { where: condition, order, offset } as FindOptions;
        const found = await Organisation.findOne(options);
        await Organisation.findAll();
        const local = await Organisation.skipLegacy().findOne(options);
        expect(found?.name).toBe(local?.name);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
