import { Company, openCompanyWorld } from '../support/companies';
import type { DualWorld, Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('records of paranoid models that are gone, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld(face, { paranoid: true });
  });
  afterAll(() => world.close());

  it('leave a version of the row that is marked as deleted', async () => {
    const company = await Company.create({ title: 'Example Ltd' });
    await world.sandbox.deleteAsLegacyUser('account', String(company.legacyId));
    expect(await Company.findByPk(company.id)).toBeNull();
    const [last] = await company.versions();
    expect(last?.kind).toBe('deleted');
    expect(last?.revision.comment).toBe('legacy refresh');
    expect(await Company.deletedVersions()).toHaveLength(1);
  });
});
