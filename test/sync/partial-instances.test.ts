import { randomUUID } from 'node:crypto';
import { LegacyResponseError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('instances in unusual states, %s face', (face) => {
  let world: DualWorld;
  const write = face === 'dataverse' ? 'PATCH' : 'MERGE';

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

  it('updates the record of an instance that was loaded without its legacyId', async () => {
    const { Organisation } = world.models;
    const key = await account('Before');
    const row = await Organisation.findOne({ attributes: ['id', 'name'] });
    await row?.update({ name: 'After' });
    const records = await world.sandbox.records('account');
    expect(records.map(({ AccountId, Name }) => [AccountId, Name])).toEqual([[key, 'After']]);
    const [found, ...more] = await Organisation.findAll();
    expect(more).toEqual([]);
    expect([found?.legacyId, found?.name]).toEqual([key, 'After']);
  });

  it('destroys the record of an instance that was loaded without its legacyId', async () => {
    const { Organisation } = world.models;
    await account('Before');
    const row = await Organisation.findOne({ attributes: ['id', 'name'] });
    await row?.destroy();
    expect(await world.sandbox.records('account')).toEqual([]);
    expect(await Organisation.count({ skipLegacy: true })).toBe(0);
  });

  it('sends null for an attribute that was not loaded', async () => {
    const { Organisation } = world.models;
    const key = await account('Fictional Foundry', { Telephone1: '123' });
    const row = await Organisation.findOne({ attributes: ['id', 'legacyId', 'name'] });
    await row?.update({ telephone: null });
    expect((await world.sandbox.record('account', key))?.Telephone1).toBeNull();
    expect((await Organisation.findByPk(row?.id))?.telephone).toBeNull();
  });

  it('creates the whole record of a local row of which little was loaded', async () => {
    const { Organisation } = world.models;
    const local = await Organisation.skipLegacy().create({ name: 'Local', telephone: '123' });
    const row = await Organisation.findByPk(local.id, {
      attributes: ['id', 'legacyId', 'name'],
      skipLegacy: true,
    });
    await row?.set({ name: 'Now synced' }).save();
    const [record] = await world.sandbox.records('account');
    expect([record?.Name, record?.Telephone1]).toEqual(['Now synced', '123']);
    expect((await Organisation.findByPk(local.id))?.telephone).toBe('123');
  });

  it('creates the record of a local row that is saved without the skip', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.skipLegacy().create({ name: 'Local', telephone: '123' });
    const again = await Organisation.findByPk(row.id, { skipLegacy: true });
    await again?.save();
    const [record] = await world.sandbox.records('account');
    expect([record?.Name, record?.Telephone1]).toEqual(['Local', '123']);
    expect(await Organisation.count()).toBe(1);
  });

  it('can save again after a refused update', async () => {
    const { Organisation } = world.models;
    const key = await account('Before');
    const row = await Organisation.findOne({ rejectOnEmpty: true });
    await world.sandbox.failNext({ method: write, status: 400 });
    await expect(row.update({ name: 'After' })).rejects.toThrow(LegacyResponseError);
    await row.save();
    expect((await world.sandbox.record('account', key))?.Name).toBe('After');
    expect((await Organisation.findByPk(row.id))?.name).toBe('After');
  });

  it('can save again after a refused create', async () => {
    const { Organisation } = world.models;
    const row = Organisation.build({ name: 'New', employees: 5 });
    const method = face === 'dataverse' ? 'PATCH' : 'POST';
    await world.sandbox.failNext({ method, status: 400 });
    await expect(row.save()).rejects.toThrow(LegacyResponseError);
    expect([row.isNewRecord, row.legacyId ?? null]).toEqual([true, null]);
    await row.save();
    const [record, ...more] = await world.sandbox.records('account');
    expect(more).toEqual([]);
    expect([record?.Name, record?.NumberOfEmployees]).toEqual(['New', 5]);
    expect((await Organisation.findAll()).map(({ id }) => id)).toEqual([row.id]);
  });

  it('can save an update again after the transaction around it was rolled back', async () => {
    const { Organisation } = world.models;
    const row = Organisation.build({ name: 'New' });
    const transaction = await world.sequelize.transaction();
    await row.save({ transaction });
    await transaction.rollback();
    expect(await world.sandbox.records('account')).toEqual([]);
    expect(await Organisation.count()).toBe(0);
  });

  it('sends and keeps only the given fields of a save', async () => {
    const { Organisation } = world.models;
    const created = await Organisation.create(
      { name: 'New', employees: 5 },
      { fields: ['id', 'name'] },
    );
    const [record] = await world.sandbox.records('account');
    expect([record?.Name, record?.NumberOfEmployees]).toEqual(['New', null]);
    created.set({ name: 'Changed', telephone: '123' });
    await created.save({ fields: ['name'] });
    const [after] = await world.sandbox.records('account');
    expect([after?.Name, after?.Telephone1]).toEqual(['Changed', null]);
    expect((await Organisation.findByPk(created.id))?.telephone).toBeNull();
  });

  it('does not leave a row ahead by a change of what is never sent', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'New' });
    const outcome = await row
      .update({ lastVerifiedAt: new Date('2026-01-01T00:00:00Z') })
      .catch((error: unknown) => error);
    const found = await Organisation.findByPk(row.id);
    expect(found?.lastVerifiedAt).toBeNull();
    if (!(outcome instanceof Error)) expect(row.lastVerifiedAt).toBeNull();
  });

  it('sends nothing when nothing changes', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'New', employees: 5, foundedOn: '1998-03-21' });
    await world.legacyCalls();
    await row.update({});
    await row.update({ name: 'New', employees: 5, foundedOn: '1998-03-21' });
    await row.save();
    expect(await world.legacyCalls()).toEqual([]);
    expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
  });

  it('never overwrites a record by a create under its key', async () => {
    const { Organisation } = world.models;
    const key = await account('Theirs');
    const outcome = await Organisation.create({ name: 'Ours', legacyId: key }).catch(
      (error: unknown) => error,
    );
    expect(outcome).toBeInstanceOf(Error);
    expect((await world.sandbox.record('account', key))?.Name).toBe('Theirs');
    expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['Theirs']);
  });

  it('creates under a given key', async () => {
    const { Organisation } = world.models;
    const key = randomUUID();
    const row = await Organisation.create({ name: 'Ours', legacyId: key });
    expect(row.legacyId).toBe(key);
    expect((await world.sandbox.record('account', key))?.Name).toBe('Ours');
  });

  it('destroys a row that was never synced, and a row twice', async () => {
    const { Organisation } = world.models;
    const local = await Organisation.skipLegacy().create({ name: 'Local' });
    const instance = await Organisation.findByPk(local.id, { skipLegacy: true });
    await world.legacyCalls();
    await instance?.destroy();
    expect(await world.legacyCalls()).toEqual([]);
    const row = await Organisation.create({ name: 'Synced' });
    await row.destroy();
    await row.destroy();
    expect(await Organisation.count()).toBe(0);
    expect(await world.sandbox.records('account')).toEqual([]);
  });

  it('refuses a lookup to a row that is only local, on both sides', async () => {
    const { Organisation, Sector } = world.models;
    const sector = await Sector.skipLegacy().create({ name: 'Only here' });
    await expect(Organisation.create({ name: 'New', sectorId: sector.id })).rejects.toThrow(
      /does not have/,
    );
    expect(await world.sandbox.records('account')).toEqual([]);
    expect(await Organisation.count({ skipLegacy: true })).toBe(0);
  });

  it('leaves nothing when a validation or a constraint fails', async () => {
    const { Organisation } = world.models;
    await expect(Organisation.create({ name: null as never })).rejects.toThrow(/null/i);
    await expect(Organisation.create({ name: 'x'.repeat(161) })).rejects.toThrow(/too long/);
    await expect(Organisation.create({ name: 'A', sectorId: 4711 })).rejects.toThrow();
    expect(await world.sandbox.records('account')).toEqual([]);
    expect(await world.legacyCalls()).toEqual([]);
  });

  it('writes on both sides through the accessors of associations', async () => {
    const { Organisation, Sector } = world.models;
    const organisation = await Organisation.create({ name: 'Fictional Foundry' });
    const sector = await Sector.create({ name: 'Steel' });
    await organisation.setSector(sector);
    const [record] = await world.sandbox.records('account');
    expect(record?.optevia_Sector).toBe(sector.legacyId);
    await organisation.createContact({ lastName: 'Example' });
    expect((await world.sandbox.records('contact'))[0]?.ParentCustomerId).toBe(
      organisation.legacyId,
    );
  });
});
