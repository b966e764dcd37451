import { SyncError } from '../../src';
import type { Organisation } from '../../models';
import { expectAgreement } from '../support/agreement';
import { openChangesetWorld, type ChangesetWorld } from '../support/changeset-world';
import type { DualWorld } from '../support/dual-world';
import { accessorsOf as of, linkEntity, openLinkWorld, OrganisationSector } from '../support/links';

/** The parts of the changesets that were sent: `PATCH accounts`. */
async function partsOf(world: DualWorld): Promise<string[]> {
  const entries = await world.journal();
  await world.sandbox.clearJournal();
  const parts = entries.flatMap((entry) => entry.parts ?? []);
  return parts.map(({ method, entitySet }) => `${method} ${entitySet}`);
}

describe("bulk calls and several writes to one record, writes: 'changeset'", () => {
  let world: ChangesetWorld;

  beforeAll(async () => {
    world = await openChangesetWorld();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const record = (row: Organisation): Promise<unknown> =>
    world.sandbox.record('account', String(row.legacyId));

  it('sends all calls of a transaction together, and shows their results in the end', async () => {
    const { Organisation } = world.models;
    const [first, second, third] = await Organisation.bulkCreate([
      { name: 'First', employees: 1 },
      { name: 'Second', employees: 2 },
      { name: 'Third', employees: 3 },
    ]);
    await world.legacyCalls();
    const changed = await world.sequelize.transaction(async (transaction) => {
      const made = await Organisation.bulkCreate([{ name: 'A' }, { name: 'B' }], { transaction });
      const [, updated] = await Organisation.update(
        { telephone: '0123' },
        { where: { id: [String(first?.id), String(made[0]?.id)] }, returning: true, transaction },
      );
      await Organisation.increment('employees', {
        ...{ by: 10, where: { id: second?.id } },
        transaction,
      });
      await Organisation.upsert({ id: second?.id, name: 'Upserted' }, { transaction });
      await Organisation.destroy({ where: { id: third?.id }, transaction });
      expect((await world.verbs()).filter((verb) => verb !== 'GET')).toEqual([]);
      return [...updated, ...made];
    });
    const parts = await partsOf(world);
    expect(parts.sort()).toEqual([
      'DELETE accounts',
      'PATCH accounts',
      'PATCH accounts',
      'PATCH accounts',
      'PATCH accounts',
    ]);
    expect(await world.names()).toEqual(['A', 'B', 'First', 'Upserted']);
    for (const row of changed) {
      expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
      expect(row.legacyVersion).not.toBeNull();
    }
    const again = await Organisation.findByPk(String(second?.id), { rejectOnEmpty: true });
    expect(again.get()).toMatchObject({ name: 'Upserted', employees: 12 });
  });

  it('folds writes to one record', async () => {
    const { Organisation } = world.models;
    const [kept, doomed] = await Organisation.bulkCreate([
      { name: 'Kept', employees: 1 },
      { name: 'Doomed' },
    ]);
    await world.legacyCalls();
    const made = await world.sequelize.transaction(async (transaction) => {
      const created = await Organisation.create({ name: 'Made' }, { transaction });
      await created.update({ employees: 4, name: 'Remade' }, { transaction });
      await kept?.update({ employees: 2 }, { transaction });
      await kept?.update({ telephone: '02' }, { transaction });
      await kept?.update({ employees: 3 }, { transaction });
      await doomed?.update({ employees: 9 }, { transaction });
      await doomed?.destroy({ transaction });
      const never = await Organisation.create({ name: 'Never' }, { transaction });
      await never.update({ employees: 1 }, { transaction });
      await never.destroy({ transaction });
      return created;
    });
    expect(await partsOf(world)).toEqual(['PATCH accounts', 'PATCH accounts', 'DELETE accounts']);
    expect(await world.names()).toEqual(['Kept', 'Remade']);
    expect(await record(made)).toMatchObject({ NumberOfEmployees: 4 });
    expect(kept && (await record(kept))).toMatchObject({ NumberOfEmployees: 3, Telephone1: '02' });
    expect(await kept?.versions()).toHaveLength(2);
    expect(await made.versions()).toHaveLength(1);
  });

  it('creates records before those that refer to them, however they came to do so', async () => {
    const { Organisation } = world.models;
    const { first, second } = await world.sequelize.transaction(async (transaction) => {
      const one = await Organisation.create({ name: 'One' }, { transaction });
      const other = await Organisation.create({ name: 'Other', parentId: one.id }, { transaction });
      await one.update({ parentId: other.id, employees: 5 }, { transaction });
      return { first: one, second: other };
    });
    expect(await record(first)).toMatchObject({
      ParentAccountId: second.legacyId,
      NumberOfEmployees: 5,
    });
    expect(await record(second)).toMatchObject({ ParentAccountId: first.legacyId });
    expect(first.parentId).toBe(second.id);
  });

  it('undoes what was folded to what the records held before', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1, telephone: '01' });
    await world.sandbox.loseResponse({ method: 'BATCH' });
    const work = world.sequelize.transaction(async (transaction) => {
      await row.update({ employees: 2 }, { transaction });
      await row.update({ telephone: '02' }, { transaction });
      await row.increment('employees', { by: 5, transaction });
      await Organisation.create({ name: 'Made' }, { transaction });
    });
    await expect(work).rejects.toThrow();
    expect(await record(row)).toMatchObject({ NumberOfEmployees: 1, Telephone1: '01' });
    expect(await world.names()).toEqual(['Kept']);
  });

  it('refuses references to records whose keys only the service will choose', async () => {
    const probing = await openChangesetWorld({ capabilities: { clientKeys: 'probe' } });
    try {
      const { Organisation, Sector } = probing.models;
      await probing.sequelize.transaction(async (transaction) => {
        const sector = await Sector.create({ name: 'Steel' }, { transaction });
        const call = Organisation.create({ name: 'A', sectorId: sector.id }, { transaction });
        await expect(call).rejects.toThrow(SyncError);
        await Organisation.create({ name: 'B' }, { transaction });
      });
      expect(await probing.names()).toEqual(['B']);
    } finally {
      await probing.close();
    }
  });
});

describe("native links, writes: 'changeset'", () => {
  let world: DualWorld;
  let organisation: Organisation;
  const namesOf = (found: unknown): string[] =>
    (found as { name: string }[]).map(({ name }) => name).sort();

  beforeAll(async () => {
    world = await openLinkWorld('dataverse', { writes: 'changeset', recoverEveryMs: 0 });
  });
  beforeEach(async () => {
    await world.reset();
    organisation = await world.models.Organisation.create({ name: 'Example Ltd' });
  });
  afterEach(() => expectAgreement(world, OrganisationSector, linkEntity));
  afterAll(() => world.close());

  it('are made and removed with the records that they link', async () => {
    const { Organisation, Sector } = world.models;
    const [kept, gone] = await Sector.bulkCreate([{ name: 'Kept' }, { name: 'Gone' }]);
    await of(organisation).addFurtherSectors?.([kept, gone]);
    await world.legacyCalls();
    await world.sequelize.transaction(async (transaction) => {
      const made = await Organisation.create({ name: 'Made' }, { transaction });
      await of(made).addFurtherSector?.(kept, { transaction });
      await of(organisation).removeFurtherSectors?.([kept, gone], { transaction });
      await of(organisation).addFurtherSector?.(kept, { transaction });
      const here = await of(organisation).getFurtherSectors?.({ transaction });
      expect(namesOf(here)).toEqual(['Kept']);
      expect(namesOf(await of(made).getFurtherSectors?.({ transaction }))).toEqual(['Kept']);
    });
    expect(await partsOf(world)).toEqual(['PATCH accounts', 'POST accounts', 'DELETE accounts']);
    expect(namesOf(await of(organisation).getFurtherSectors?.())).toEqual(['Kept']);
    expect(await world.sandbox.records(linkEntity)).toHaveLength(2);
  });

  it('that are made and removed again are not sent', async () => {
    const sector = await world.models.Sector.create({ name: 'Steel' });
    await world.legacyCalls();
    await world.sequelize.transaction(async (transaction) => {
      await of(organisation).addFurtherSector?.(sector, { transaction });
      await of(organisation).removeFurtherSector?.(sector, { transaction });
    });
    const calls = await world.legacyCalls();
    expect(calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
    expect(await world.sandbox.records(linkEntity)).toEqual([]);
  });
});
