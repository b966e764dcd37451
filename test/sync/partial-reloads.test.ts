import type { Organisation } from '../../models';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('instances that were read again in part, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face, recoverEveryMs: 0 });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const created = (): Promise<Organisation> =>
    world.models.Organisation.create({ name: 'Loaded', employees: 1 });
  const edit = (row: Organisation, values: object): Promise<unknown> =>
    world.sandbox.editAsLegacyUser('account', String(row.legacyId), values as never);
  const inLegacy = async (property: string): Promise<unknown> =>
    (await world.sandbox.records('account'))[0]?.[property];

  /** Change a name and roll back: what the CRM has then is what undoing took for the old value. */
  const renameAndRollBack = async (row: Organisation): Promise<void> => {
    const transaction = await world.sequelize.transaction();
    await row.update({ name: 'Ours' }, { transaction });
    expect(await inLegacy('Name')).toBe('Ours');
    await transaction.rollback();
  };

  it('restores what the CRM had after a reload of the version alone', async () => {
    const row = await created();
    await edit(row, { Name: 'Theirs' });
    await row.reload({ attributes: ['legacyVersion'] });
    expect(row.name).toBe('Loaded');
    await renameAndRollBack(row);
    expect(await inLegacy('Name')).toBe('Theirs');
  });

  it('restores what the CRM had after two reloads in part', async () => {
    const row = await created();
    await edit(row, { Name: 'Theirs' });
    await row.reload({ attributes: ['legacyVersion', 'legacyModifiedAt', 'modifiedAt'] });
    await row.reload({ attributes: ['employees'] });
    await renameAndRollBack(row);
    expect(await inLegacy('Name')).toBe('Theirs');
  });

  it('restores what the CRM had after a reload of a value that was only here', async () => {
    const row = await created();
    await world.models.Organisation.skipLegacy().update(
      { name: 'Only here' },
      { where: { id: row.id } },
    );
    await row.reload({ attributes: ['name'], skipLegacy: true });
    expect(row.name).toBe('Only here');
    await renameAndRollBack(row);
    expect(await inLegacy('Name')).toBe('Loaded');
  });

  it('restores what the CRM had after a skipped save that keeps the stamp', async () => {
    const row = await created();
    await row.update({ name: 'Only here' }, { skipLegacy: true, silent: true });
    await renameAndRollBack(row);
    expect(await inLegacy('Name')).toBe('Loaded');
  });

  it('keeps a version of what is overwritten after a reload of the version alone', async () => {
    const row = await created();
    await edit(row, { Name: 'Theirs' });
    await row.reload({ attributes: ['legacyVersion', 'legacyModifiedAt', 'modifiedAt'] });
    await row.update({ name: 'Ours' });
    const names = (await row.versions()).map(
      ({ values }) => (values as Record<string, unknown>).name,
    );
    expect(names).toEqual(['Ours', 'Theirs', 'Loaded']);
  });

  it('sends what was changed before a reload in part', async () => {
    const row = await created();
    row.name = 'Ours';
    await row.reload({ attributes: ['employees'] });
    await row.save();
    expect(await inLegacy('Name')).toBe('Ours');
    expect((await world.models.Organisation.findByPk(row.id))?.name).toBe('Ours');
  });

  it('asks no more than before when the whole row is read again', async () => {
    const row = await created();
    await row.reload({ attributes: ['legacyVersion'] });
    await row.reload();
    await world.legacyCalls();
    await row.update({ name: 'Ours' });
    const verbs = (await world.legacyCalls()).map((call) => call.split(' ')[0]);
    expect(verbs).toEqual(face === 'dataverse' ? ['PATCH'] : ['GET', 'MERGE', 'GET']);
  });
});
