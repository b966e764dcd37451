import type { Organisation, Sector } from '../../models';
import { expectAgreement } from '../support/agreement';
import type { DualWorld } from '../support/dual-world';
import { accessorsOf as of, linkEntity, openLinkWorld, OrganisationSector } from '../support/links';

describe('native links that are followed', () => {
  let world: DualWorld;
  let organisation: Organisation;
  let sectors: Sector[];

  beforeAll(async () => {
    world = await openLinkWorld('dataverse', { follow: true });
    const { Organisation, Sector } = world.models;
    organisation = await Organisation.create({ name: 'Example Ltd' });
    sectors = await Sector.bulkCreate(['A', 'B', 'C'].map((name) => ({ name })));
  });
  afterAll(() => world.close());

  const names = async (): Promise<string> => {
    const found = (await of(organisation).getFurtherSectors?.()) as Sector[];
    return found
      .map(({ name }) => name)
      .sort()
      .join('');
  };
  const ends = (index: number): Record<string, string | null> => ({
    accountid: organisation.legacyId,
    optevia_sectorid: String(sectors[index]?.legacyId),
  });
  const unlinkAsUser = async (index: number): Promise<void> => {
    const records = await world.sandbox.records(linkEntity);
    const { optevia_sectorid: sector } = ends(index);
    const record = records.find(({ optevia_sectorid: key }) => key === sector);
    await world.sandbox.deleteAsLegacyUser(linkEntity, String(record?.optevia_account_sectorId));
  };

  it('come, go and come again by the feed', async () => {
    await of(organisation).addFurtherSectors?.([sectors[0], sectors[1]]);
    expect(await names()).toBe('AB');
    await world.sandbox.createAsLegacyUser(linkEntity, ends(2));
    await unlinkAsUser(0);
    expect(await names()).toBe('BC');
    await unlinkAsUser(1);
    await world.sandbox.createAsLegacyUser(linkEntity, ends(1));
    expect(await names()).toBe('BC');
    await of(organisation).removeFurtherSectors?.([sectors[1], sectors[2]]);
    expect(await names()).toBe('');
    await expectAgreement(world, OrganisationSector, linkEntity);
  });

  it('cost one request for what has changed', async () => {
    await OrganisationSector.findAll();
    await world.legacyCalls();
    await OrganisationSector.findAll({ where: { organisationId: organisation.id } });
    const [only, ...others] = await world.journal();
    expect(others).toEqual([]);
    expect(only?.url).toContain('$deltatoken=');
  });
});
