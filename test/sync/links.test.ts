import { LegacyConflictError, SyncError } from '../../src';
import type { Organisation, Sector } from '../../models';
import { expectAgreement } from '../support/agreement';
import type { DualWorld, Face } from '../support/dual-world';
import { accessorsOf as of, linkEntity, openLinkWorld, OrganisationSector } from '../support/links';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('native links through the %s face', (face) => {
  let world: DualWorld;
  let organisation: Organisation;
  let other: Organisation;
  let sectors: Sector[];
  const isDataverse = face === 'dataverse';
  const batch = (count: number): string[] =>
    isDataverse ? ['BATCH $batch'] : Array.from({ length: count }, () => 'POST AccountSet');
  const unlink = isDataverse ? 'DELETE accounts' : 'DELETE AccountSet';
  const link = isDataverse ? 'POST accounts' : 'POST AccountSet';

  beforeAll(async () => {
    world = await openLinkWorld(face);
  });
  beforeEach(async () => {
    await world.reset();
    const { Organisation, Sector } = world.models;
    organisation = await Organisation.create({ name: 'Example Ltd' });
    other = await Organisation.create({ name: 'Another Ltd' });
    sectors = await Sector.bulkCreate(['A', 'B', 'C', 'D', 'E'].map((name) => ({ name })));
    await world.legacyCalls();
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await expectAgreement(world, OrganisationSector, linkEntity);
  });
  afterAll(() => world.close());

  const at = (index: number): Sector => {
    const sector = sectors[index];
    if (!sector) throw new Error('There are five.');
    return sector;
  };
  /** The names of the sectors that the CRM says an organisation is linked with. */
  const linked = async ({ legacyId }: Organisation = organisation): Promise<string> => {
    const records = await world.sandbox.records(linkEntity);
    const keys = records
      .filter(({ accountid }) => accountid === legacyId)
      .map(({ optevia_sectorid: key }) => key);
    return sectors
      .filter((sector) => keys.includes(sector.legacyId))
      .map(({ name }) => name)
      .join('');
  };
  /** The same as this side has it. */
  const here = async (): Promise<string> => {
    const rows = await OrganisationSector.skipLegacy().findAll({
      where: { organisationId: organisation.id },
    });
    const ids = rows.map(({ sectorId }) => sectorId);
    return sectors
      .filter(({ id }) => ids.includes(id))
      .map(({ name }) => name)
      .join('');
  };
  const linkAsUser = async (sector: Sector, to: Organisation = organisation): Promise<string> => {
    const record = await world.sandbox.createAsLegacyUser(linkEntity, {
      accountid: to.legacyId,
      optevia_sectorid: sector.legacyId,
    });
    return String(record.optevia_account_sectorId);
  };
  const unlinkAsUser = async (sector: Sector): Promise<void> => {
    const [record] = (await world.sandbox.records(linkEntity)).filter(
      ({ optevia_sectorid: key }) => key === sector.legacyId,
    );
    const key = String(record?.optevia_account_sectorId);
    await world.sandbox.deleteAsLegacyUser(linkEntity, key);
  };
  const names = (found: unknown): string =>
    (found as Sector[])
      .map(({ name }) => name)
      .sort()
      .join('');
  const writes = async (): Promise<string[]> =>
    (await world.legacyCalls()).filter((call) => !call.startsWith('GET'));

  describe('accessors', () => {
    it('add, get, count, has, remove and set, from one end', async () => {
      await of(organisation).addFurtherSector?.(at(0));
      expect(await writes()).toEqual([link]);
      await of(organisation).addFurtherSectors?.([at(0), at(1), at(2)]);
      expect(await writes()).toEqual(batch(2));
      expect(await linked()).toBe('ABC');
      expect(names(await of(organisation).getFurtherSectors?.())).toBe('ABC');
      expect(await of(organisation).countFurtherSectors?.()).toBe(3);
      expect(await of(organisation).hasFurtherSector?.(at(1))).toBe(true);
      expect(await of(organisation).hasFurtherSectors?.([at(1), at(3)])).toBe(false);
      await of(organisation).removeFurtherSector?.(at(1));
      expect(await writes()).toEqual([unlink]);
      expect(await linked()).toBe('AC');
      await of(organisation).setFurtherSectors?.([at(2), at(3)]);
      expect((await writes()).sort()).toEqual([unlink, link]);
      expect(await linked()).toBe('CD');
      await of(organisation).setFurtherSectors?.(null);
      expect(await linked()).toBe('');
      await of(organisation).createFurtherSector?.({ name: 'New' });
      expect(names(await of(organisation).getFurtherSectors?.())).toBe('New');
      expect(await world.sandbox.records(linkEntity)).toHaveLength(1);
    });

    it('add, get, count, has, remove and set, from the other end', async () => {
      const sector = at(0);
      await of(sector).addFurtherOrganisations?.([organisation, other]);
      expect(await writes()).toEqual(batch(2));
      expect(names(await of(sector).getFurtherOrganisations?.())).toBe('Another LtdExample Ltd');
      expect(await of(sector).countFurtherOrganisations?.()).toBe(2);
      expect(await of(sector).hasFurtherOrganisation?.(organisation.id)).toBe(true);
      await of(sector).removeFurtherOrganisations?.([organisation, other]);
      expect(await writes()).toEqual(isDataverse ? batch(2) : [unlink, unlink]);
      expect(await of(sector).countFurtherOrganisations?.()).toBe(0);
      await of(sector).setFurtherOrganisations?.([organisation]);
      expect(await linked()).toBe('A');
      expect(await linked(other)).toBe('');
    });
  });

  describe('rows', () => {
    it('are created, and have the key that the CRM gave their link', async () => {
      const row = await OrganisationSector.create({
        organisationId: organisation.id,
        sectorId: at(0).id,
        note: 'Since 1998',
      });
      const [record] = await world.sandbox.records(linkEntity);
      expect(row.legacyId).toBe(record?.optevia_account_sectorId);
      expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
      await row.reload();
      expect(row.note).toBe('Since 1998');
      await row.update({ note: 'Since 1999' });
      expect(await writes()).toEqual([link]);
      await row.destroy();
      expect(await linked()).toBe('');
    });

    it('are not changed into other links', async () => {
      const row = await OrganisationSector.create({
        organisationId: organisation.id,
        sectorId: at(0).id,
      });
      await expect(row.update({ sectorId: at(1).id })).rejects.toThrow(
        'A link between two records cannot be changed (sectorId)',
      );
      const values = { organisationId: other.id };
      const update = OrganisationSector.update(values, { where: { sectorId: at(0).id } });
      await expect(update).rejects.toThrow('Destroy this one, and create another.');
      await expect(update).rejects.toBeInstanceOf(SyncError);
      expect(await writes()).toEqual([link]);
      expect([await linked(), await here()]).toEqual(['A', 'A']);
    });

    it('are created with what they link', async () => {
      const { Organisation } = world.models;
      await Organisation.create(
        { name: 'With sectors', furtherSectors: [{ name: 'X' }, { name: 'Y' }] } as never,
        { include: ['furtherSectors'] },
      );
      const [row] = await Organisation.findAll({
        where: { name: 'With sectors' },
        include: ['furtherSectors'],
      });
      expect(names(row?.get('furtherSectors'))).toBe('XY');
      expect(await world.sandbox.records(linkEntity)).toHaveLength(2);
    });

    it('are upserted, and found or created', async () => {
      const pair = { organisationId: organisation.id, sectorId: at(0).id };
      await OrganisationSector.upsert({ ...pair, note: 'One' });
      await OrganisationSector.upsert({ ...pair, note: 'Two' });
      const [found, isNew] = await OrganisationSector.findOrCreate({ where: pair });
      expect([found.note, isNew]).toEqual(['Two', false]);
      await linkAsUser(at(1));
      const next = { ...pair, sectorId: at(1).id };
      const [, isNext] = await OrganisationSector.findOrCreate({ where: next });
      expect(isNext).toBe(false);
      await OrganisationSector.bulkCreate([next, { ...pair, sectorId: at(2).id }], {
        ignoreDuplicates: true,
      });
      expect(await writes()).toEqual([link, link]);
      expect([await linked(), await here()]).toEqual(['ABC', 'ABC']);
    });
  });

  describe('of CRM users', () => {
    it('are found when they were made, and gone when they were removed', async () => {
      await of(organisation).addFurtherSector?.(at(0));
      await linkAsUser(at(1));
      expect(names(await of(organisation).getFurtherSectors?.())).toBe('AB');
      await unlinkAsUser(at(0));
      expect(names(await of(organisation).getFurtherSectors?.())).toBe('B');
      expect(await of(organisation).countFurtherSectors?.()).toBe(1);
      expect(await here()).toBe('B');
    });

    it('keep their rows when they were removed and made again', async () => {
      const row = await OrganisationSector.create({
        organisationId: organisation.id,
        sectorId: at(0).id,
        note: 'Ours',
      });
      await unlinkAsUser(at(0));
      const key = await linkAsUser(at(0));
      const [found, ...others] = await OrganisationSector.findAll();
      expect(others).toEqual([]);
      expect([found?.id, found?.note, found?.legacyId]).toEqual([row.id, 'Ours', key]);
      await found?.destroy();
      expect(await linked()).toBe('');
    });

    it('are taken for the rows that a skipped call had made', async () => {
      const pair = { organisationId: organisation.id, sectorId: at(0).id };
      const row = await OrganisationSector.skipLegacy().create(pair);
      const key = await linkAsUser(at(0));
      const [found] = await OrganisationSector.findAll();
      expect([found?.id, found?.legacyId]).toEqual([row.id, key]);
    });

    it('go with the records that they link', async () => {
      await of(organisation).setFurtherSectors?.([at(0), at(1)]);
      await world.sandbox.deleteAsLegacyUser('optevia_sector', String(at(0).legacyId));
      expect(names(await of(organisation).getFurtherSectors?.())).toBe('B');
      await organisation.destroy();
      expect(await OrganisationSector.count()).toBe(0);
    });

    it('may be removed while their rows are removed here', async () => {
      await of(organisation).setFurtherSectors?.([at(0), at(1), at(2)]);
      const rows = await OrganisationSector.skipLegacy().findAll();
      await unlinkAsUser(at(1));
      await OrganisationSector.destroy({ where: { id: rows.map(({ id }) => id) } });
      expect([await linked(), await here()]).toEqual(['', '']);
    });
  });

  describe('in transactions', () => {
    it('are taken back when those are rolled back, and stay when they were to be removed', async () => {
      await of(organisation).addFurtherSector?.(at(0));
      const undone = world.sequelize.transaction(async (transaction) => {
        await of(organisation).setFurtherSectors?.([at(1), at(2), at(3)], { transaction });
        expect(await linked()).toBe('ABCD');
        expect(names(await of(organisation).getFurtherSectors?.({ transaction }))).toBe('BCD');
        throw new Error('Not today.');
      });
      await expect(undone).rejects.toThrow('Not today.');
      expect([await linked(), await here()]).toEqual(['A', 'A']);
    });

    it('stay when they are removed and added again', async () => {
      await of(organisation).setFurtherSectors?.([at(0), at(1)]);
      await writes();
      await world.sequelize.transaction(async (transaction) => {
        const outer = { transaction };
        await of(organisation).setFurtherSectors?.([], outer);
        await of(organisation).addFurtherSectors?.([at(0), at(2)], outer);
        await of(organisation).removeFurtherSector?.(at(0), outer);
        await of(organisation).addFurtherSector?.(at(0), outer);
        expect(names(await of(organisation).getFurtherSectors?.(outer))).toBe('AC');
      });
      expect(await writes()).toEqual([link, unlink]);
      expect([await linked(), await here()]).toEqual(['AC', 'AC']);
    });

    it('are removed after all when only the adding was rolled back', async () => {
      await of(organisation).setFurtherSectors?.([at(0)]);
      await world.sequelize.transaction(async (transaction) => {
        await of(organisation).setFurtherSectors?.([], { transaction });
        const inner = world.sequelize.transaction({ transaction }, async (savepoint) => {
          await of(organisation).addFurtherSector?.(at(0), { transaction: savepoint });
          throw new Error('Not today.');
        });
        await expect(inner).rejects.toThrow('Not today.');
      });
      expect([await linked(), await here()]).toEqual(['', '']);
    });

    it('are made anew when a CRM user removed them before they were added again', async () => {
      await of(organisation).setFurtherSectors?.([at(0)]);
      await world.sequelize.transaction(async (transaction) => {
        await of(organisation).setFurtherSectors?.([], { transaction });
        await unlinkAsUser(at(0));
        await of(organisation).addFurtherSector?.(at(0), { transaction });
      });
      expect([await linked(), await here()]).toEqual(['A', 'A']);
    });

    it('are not shown to others before they are committed', async () => {
      await world.sequelize.transaction(async (transaction) => {
        await of(organisation).addFurtherSector?.(at(0), { transaction });
        expect(await linked()).toBe('A');
        expect(await OrganisationSector.findAll({ transaction: null })).toEqual([]);
      });
      expect(await OrganisationSector.count()).toBe(1);
    });

    it('stay with the CRM user who has removed and made them again', async () => {
      const undone = world.sequelize.transaction(async (transaction) => {
        await of(organisation).addFurtherSector?.(at(0), { transaction });
        await unlinkAsUser(at(0));
        await linkAsUser(at(0));
        throw new Error('Not today.');
      });
      await expect(undone).rejects.toThrow('Not today.');
      expect(await linked()).toBe('A');
      expect(names(await of(organisation).getFurtherSectors?.())).toBe('A');
    });
  });

  describe('on one side only', () => {
    const pair = (): { organisationId: string; sectorId: number } => ({
      organisationId: organisation.id,
      sectorId: at(0).id,
    });

    it('are made in the CRM, or taken away there, when this side is right', async () => {
      const row = await OrganisationSector.skipLegacy().create(pair());
      await world.dualWrite.repair('OrganisationSector', String(row.id), 'local');
      expect(await linked()).toBe('A');
      await OrganisationSector.skipLegacy().destroy({ where: {} });
      const key = String((await world.sandbox.records(linkEntity))[0]?.optevia_account_sectorId);
      const sides = await world.dualWrite.repair('OrganisationSector', key, 'local');
      expect([sides.isLocal, sides.isLegacy, await linked()]).toEqual([false, false, '']);
    });

    it('are made or taken away here when the CRM is right', async () => {
      const key = await linkAsUser(at(0));
      await world.dualWrite.repair('OrganisationSector', key, 'legacy');
      expect(await here()).toBe('A');
      await unlinkAsUser(at(0));
      await world.dualWrite.repair('OrganisationSector', key, 'legacy');
      expect(await here()).toBe('');
    });

    it('come back with the version that a deletion has left', async () => {
      const row = await OrganisationSector.create({ ...pair(), note: 'Ours' });
      await row.destroy();
      const [version] = await OrganisationSector.deletedVersions();
      await version?.restore();
      expect([await linked(), await here()]).toEqual(['A', 'A']);
      const [found] = await OrganisationSector.findAll();
      expect([found?.id, found?.note]).toEqual([row.id, 'Ours']);
    });

    it('are not changed there either when this side is right', async () => {
      const row = await OrganisationSector.create(pair());
      const values = { sectorId: at(1).id };
      await OrganisationSector.skipLegacy().update(values, { where: { id: row.id } });
      const repaired = world.dualWrite.repair('OrganisationSector', String(row.id), 'local');
      await expect(repaired).rejects.toThrow('Destroy this one, and create another.');
      await world.dualWrite.repair('OrganisationSector', String(row.id), 'legacy');
      expect([await linked(), await here()]).toEqual(['A', 'A']);
    });
  });

  describe('that are refused', () => {
    it('leave no trace: one that is there already', async () => {
      await linkAsUser(at(0));
      const pair = { organisationId: organisation.id, sectorId: at(0).id };
      await expect(OrganisationSector.create(pair)).rejects.toThrow(LegacyConflictError);
      expect([await linked(), await here()]).toEqual(['A', '']);
      await OrganisationSector.findAll();
    });

    it('leave no trace: the third of five', async () => {
      await linkAsUser(at(2));
      const rows = sectors.map(({ id }) => ({ organisationId: organisation.id, sectorId: id }));
      await expect(OrganisationSector.bulkCreate(rows)).rejects.toThrow(LegacyConflictError);
      expect([await linked(), await here()]).toEqual(['C', '']);
      await OrganisationSector.findAll();
    });

    it('need both of their records', async () => {
      const apart = await world.models.Sector.skipLegacy().create({ name: 'Only here' });
      const pair = { organisationId: organisation.id, sectorId: apart.id };
      await expect(OrganisationSector.create(pair)).rejects.toThrow('the legacy system does not');
      expect(await writes()).toEqual([]);
    });
  });
});
