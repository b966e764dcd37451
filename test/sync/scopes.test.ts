import { randomUUID } from 'node:crypto';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('scopes and hooks of reads, %s face', (face) => {
  let world: DualWorld;
  const keys = { foundry: '', forge: '', mill: '' };

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(async () => {
    await world.reset();
    for (const name of Object.keys(keys)) keys[name as keyof typeof keys] = randomUUID();
    await world.sandbox.load('account', [
      { AccountId: keys.foundry, Name: 'Fictional Foundry', NumberOfEmployees: 10 },
      { AccountId: keys.forge, Name: 'Fictional Forge', NumberOfEmployees: 20 },
      { AccountId: keys.mill, Name: 'Fictional Mill' },
    ]);
    await world.sandbox.load('contact', [
      { ContactId: randomUUID(), LastName: 'Example', ParentCustomerId: keys.foundry },
    ]);
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  it('serves scopes, named and default ones, that leave out the columns of the library', async () => {
    const { Organisation } = world.models;
    Organisation.addScope('short', { attributes: ['id', 'name'], where: { employees: 10 } });
    Organisation.addScope('bare', {
      attributes: { exclude: ['legacyId', 'legacyModifiedAt', 'legacyVersion', 'modifiedAt'] },
    });
    Organisation.addScope('withContacts', { include: [{ association: 'contacts' }] });
    expect(await Organisation.scope('short').findAll()).toHaveLength(1);
    expect(await Organisation.scope('bare').findAll()).toHaveLength(3);
    expect(await Organisation.scope('bare').count()).toBe(3);
    expect(await Organisation.scope(['bare', 'withContacts']).findAll()).toHaveLength(3);
    expect(await Organisation.scope('bare').findAll({ include: ['contacts'] })).toHaveLength(3);
    expect(await Organisation.scope('bare').findAll({ attributes: ['name'] })).toHaveLength(3);
    await world.sandbox.editAsLegacyUser('account', keys.mill, { NumberOfEmployees: 10 });
    expect(await Organisation.scope('short').findAll()).toHaveLength(2);
    const row = await Organisation.scope('bare').findOne({
      where: { name: 'Fictional Mill' },
      rejectOnEmpty: true,
    });
    await row.update({ employees: 12 });
    expect((await world.sandbox.record('account', keys.mill))?.NumberOfEmployees).toBe(12);
    expect(await world.sandbox.records('account')).toHaveLength(3);
  });

  it('asks hooks before a find, and what they add counts', async () => {
    const { Organisation } = world.models;
    await Organisation.findAll();
    Organisation.addHook('beforeFind', 'only', (options) => {
      (options as { where?: object }).where = { employees: 33 };
    });
    try {
      await world.sandbox.editAsLegacyUser('account', keys.mill, { NumberOfEmployees: 33 });
      const found = await Organisation.findAll({ where: { name: 'Fictional Forge' } });
      expect(found.map(({ name }) => name)).toEqual(['Fictional Mill']);
    } finally {
      Organisation.removeHook('beforeFind', 'only');
    }
  });
});
