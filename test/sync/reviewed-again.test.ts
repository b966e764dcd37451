import { findRevision, revision, RevisionError, type Revision } from '../../src';
import { Company, openCompanyWorld } from '../support/companies';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('a revision whose records CRM users have changed since, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld(face);
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterAll(() => world.close());

  const lastRevision = async (row: Company): Promise<Revision> => {
    const [version] = await row.versions();
    const found = await findRevision(world.sequelize, String(version?.revision.id));
    if (!found) throw new Error('There is no such revision.');
    return found;
  };
  const sizes = async (): Promise<unknown[]> => {
    const there = await world.sandbox.records('account');
    return there.map(({ NumberOfEmployees }) => NumberOfEmployees);
  };

  // Nobody had read the record since: the edit left no version, and was overwritten.
  it('is not set back over their edits', async () => {
    const row = await Company.create({ title: 'A', size: 1 });
    await revision({ comment: 'mistake' }, () => row.update({ size: 2 }));
    const mistake = await lastRevision(row);
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 9 });
    await expect(mistake.undo()).rejects.toThrow(RevisionError);
    await expect(mistake.revert()).rejects.toThrow(RevisionError);
    expect(await sizes()).toEqual([9]);
    await mistake.undo({ overwriteLater: true });
    expect(await sizes()).toEqual([1]);
    expect((await row.versions()).map(({ values }) => values.size)).toEqual([1, 9, 2, 1]);
  });

  it('does not take what it created away with their edits', async () => {
    const row = await Company.create({ title: 'A', size: 1 });
    const mistake = await lastRevision(row);
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 9 });
    await expect(mistake.undo()).rejects.toThrow(RevisionError);
    expect(await sizes()).toEqual([9]);
  });

  it('does not bring back what they have deleted', async () => {
    const row = await Company.create({ title: 'A', size: 1 });
    await row.update({ size: 2 });
    const mistake = await lastRevision(row);
    await world.sandbox.deleteAsLegacyUser('account', String(row.legacyId));
    await expect(mistake.undo()).rejects.toThrow(RevisionError);
    expect(await sizes()).toEqual([]);
    expect(await Company.skipLegacy().count()).toBe(1);
    expect(await Company.count()).toBe(0);
  });
});
