import { randomBytes, randomUUID } from 'node:crypto';
import { QueryTypes } from 'sequelize';
import { DualWriteError, InDoubtError, LegacyError } from '../../src';
import type { Organisation, Sector } from '../../models';
import { isOpen } from '../../src/sync/open-intents';
import { endQuarantine } from '../crash/oracle';
import { expectAgreement } from '../support/agreement';
import type { DualWorld, Face } from '../support/dual-world';
import { accessorsOf as of, linkEntity, openLinkWorld, OrganisationSector } from '../support/links';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('native links when something fails, %s face', (face) => {
  let world: DualWorld;
  let organisation: Organisation;
  let sectors: Sector[];
  const isDataverse = face === 'dataverse';

  beforeAll(async () => {
    world = await openLinkWorld(face, { recoverEveryMs: 0 });
  });
  beforeEach(async () => {
    await world.reset();
    const { Organisation, Sector } = world.models;
    organisation = await Organisation.create({ name: 'Example Ltd' });
    sectors = await Sector.bulkCreate(['A', 'B', 'C', 'D', 'E'].map((name) => ({ name })));
    await world.legacyCalls();
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await expectAgreement(world, OrganisationSector, linkEntity);
  });
  afterAll(() => world.close());

  const keyAt = (index: number): string => String(sectors[index]?.legacyId);
  const linked = async (): Promise<string> => {
    const records = await world.sandbox.records(linkEntity);
    const keys = records.map(({ optevia_sectorid: key }) => key);
    return sectors.flatMap(({ legacyId, name }) => (keys.includes(legacyId) ? name : [])).join('');
  };
  const here = async (): Promise<string> => {
    const rows = await OrganisationSector.skipLegacy().findAll();
    const ids = rows.map(({ sectorId }) => sectorId);
    return sectors.flatMap(({ id, name }) => (ids.includes(id) ? name : [])).join('');
  };
  const linkAsUser = (index: number): Promise<unknown> =>
    world.sandbox.createAsLegacyUser(linkEntity, {
      accountid: organisation.legacyId,
      optevia_sectorid: keyAt(index),
    });
  const unlinkAsUser = async (index: number): Promise<void> => {
    const records = await world.sandbox.records(linkEntity);
    const record = records.find(({ optevia_sectorid: key }) => key === keyAt(index));
    await world.sandbox.deleteAsLegacyUser(linkEntity, String(record?.optevia_account_sectorId));
  };
  const intents = (): Promise<{ operation: string; sent: unknown; legacy_id: string | null }[]> =>
    world.sequelize.query(
      `SELECT operation, sent, legacy_id FROM dual_write_intents i WHERE ${isOpen}`,
      { type: QueryTypes.SELECT },
    );
  const pairAt = (index: number): Record<string, unknown> => ({
    accountid: organisation.legacyId,
    optevia_sectorid: keyAt(index),
  });
  /** What a process leaves that dies after it has noted a write on the link with a sector. */
  const leaveIntent = async (operation: 'create' | 'destroy', index: number): Promise<void> => {
    const [row] = await OrganisationSector.skipLegacy().findAll();
    const key = operation === 'create' ? null : row?.legacyId;
    await world.sequelize.query(
      `INSERT INTO dual_write_intents
         (id, unit, sequence, operation, model, local_id, legacy_id, sent, before)
       VALUES ($1, $2, 0, $3, 'OrganisationSector', '1', $4, $5, '{}')`,
      {
        bind: [
          String(randomBytes(4).readUInt32BE()),
          randomUUID(),
          operation,
          key,
          JSON.stringify(pairAt(index)),
        ],
      },
    );
  };

  it('notes both keys before anything is sent', async () => {
    await of(organisation).addFurtherSector?.(sectors[0]);
    const [row] = await OrganisationSector.skipLegacy().findAll();
    await world.sandbox.delayNext({ method: 'DELETE', delayMs: 300 });
    await world.sequelize.transaction(async (transaction) => {
      await of(organisation).addFurtherSector?.(sectors[1], { transaction });
      expect(await intents()).toEqual([{ operation: 'create', sent: pairAt(1), legacy_id: null }]);
    });
    const removal = of(organisation).removeFurtherSector?.(sectors[0]);
    let noted = await intents();
    while (noted.length === 0) noted = await intents();
    expect(noted).toEqual([{ operation: 'destroy', sent: pairAt(0), legacy_id: row?.legacyId }]);
    await removal;
  });

  it('makes a link whose first answer was lost', async () => {
    await world.sandbox.loseResponse({ method: 'POST' });
    await of(organisation).addFurtherSector?.(sectors[0]);
    expect([await linked(), await here()]).toEqual(['A', 'A']);
  });

  it('takes a link back whose answers were all lost, and looks again later', async () => {
    await world.sandbox.loseResponse({ method: 'POST', times: 4 });
    const work = of(organisation).addFurtherSector?.(sectors[0]);
    await expect(work).rejects.toBeInstanceOf(Error);
    expect([await linked(), await here()]).toEqual(['', '']);
    // A copy of the request may still arrive.
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1 });
    await linkAsUser(0);
    await endQuarantine(world);
    expect(await world.dualWrite.recover()).toMatchObject({ undone: 1, 'in doubt': 0 });
    expect(await linked()).toBe('');
  });

  it('takes back what a bulk call has made whose answer was lost', async () => {
    const { Organisation } = world.models;
    const others = await Organisation.bulkCreate([{ name: 'B' }, { name: 'C' }, { name: 'D' }]);
    const key = String(others[1]?.legacyId);
    await world.sandbox.loseResponse(
      isDataverse ? { method: 'BATCH' } : { method: 'POST', key, times: 4 },
    );
    const [sector] = sectors;
    const work = sector && of(sector).addFurtherOrganisations?.(others);
    await expect(work).rejects.toBeInstanceOf(isDataverse ? LegacyError : DualWriteError);
    expect([await linked(), await here()]).toEqual(['', '']);
    // One request made all of them, and there is no other copy of it.
    expect(await intents()).toHaveLength(isDataverse ? 0 : 1);
    await endQuarantine(world);
    await world.dualWrite.recover();
  });

  it('takes back what was made when the service fails after that', async () => {
    await world.sandbox.failNext({ method: 'POST', status: 500, afterApplying: true, times: 4 });
    await expect(of(organisation).addFurtherSector?.(sectors[0])).rejects.toBeInstanceOf(Error);
    expect([await linked(), await here()]).toEqual(['', '']);
    await endQuarantine(world);
    await world.dualWrite.recover();
  });

  it('completes a removal whose answer was lost', async () => {
    await of(organisation).setFurtherSectors?.(sectors.slice(0, 3));
    await world.sandbox.loseResponse({ method: isDataverse ? 'BATCH' : 'DELETE' });
    await of(organisation)
      .setFurtherSectors?.([])
      .catch(() => undefined);
    const left = isDataverse ? '' : 'BC';
    expect([await linked(), await here()]).toEqual([left, left]);
  });

  it('keeps what the service refuses to remove', async () => {
    await of(organisation).setFurtherSectors?.(sectors.slice(0, 3));
    await world.sandbox.failNext({ method: 'DELETE', status: 403 });
    const work = of(organisation).setFurtherSectors?.([]);
    await expect(work).rejects.toBeInstanceOf(LegacyError);
    expect([await linked(), await here()]).toEqual(['ABC', 'ABC']);
  });

  it('keeps what one process made of the same link at once', async () => {
    const outcomes = await Promise.allSettled([
      of(organisation).addFurtherSector?.(sectors[0]),
      of(organisation).addFurtherSector?.(sectors[0]),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect([await linked(), await here()]).toEqual(['A', 'A']);
  });

  it('is in doubt when the link cannot be taken back, and settled by recovery', async () => {
    const transaction = await world.sequelize.transaction();
    await of(organisation).addFurtherSector?.(sectors[0], { transaction });
    await world.sandbox.failNext({ method: 'DELETE', status: 503 });
    await expect(transaction.rollback()).rejects.toThrow(DualWriteError);
    expect([await linked(), await here()]).toEqual(['A', '']);
    expect(await OrganisationSector.findAll()).toHaveLength(1);
    await endQuarantine(world);
    expect(await world.dualWrite.recover()).toMatchObject({ undone: 1, 'in doubt': 0 });
    expect([await linked(), await here()]).toEqual(['', '']);
  });

  describe('after a crash', () => {
    it('removes a link that was made', async () => {
      await leaveIntent('create', 0);
      await linkAsUser(0);
      await world.dualWrite.recover();
      expect(await linked()).toBe('');
      await endQuarantine(world);
      expect(await world.dualWrite.recover()).toMatchObject({ undone: 1, 'in doubt': 0 });
      expect([await linked(), await here()]).toEqual(['', '']);
    });

    it('removes the row, too, that a reader has stored of it meanwhile', async () => {
      await leaveIntent('create', 0);
      await linkAsUser(0);
      expect(await OrganisationSector.findAll()).toHaveLength(1);
      await endQuarantine(world);
      expect(await world.dualWrite.recover()).toMatchObject({ undone: 1 });
      expect([await linked(), await here()]).toEqual(['', '']);
    });

    it('keeps a link that an operator has said to be right', async () => {
      await leaveIntent('create', 0);
      await linkAsUser(0);
      const [record] = await world.sandbox.records(linkEntity);
      const key = String(record?.optevia_account_sectorId);
      const { openWrites } = await world.dualWrite.inspect('OrganisationSector', key);
      expect(openWrites).toMatchObject([{ operation: 'create', sent: pairAt(0) }]);
      await world.dualWrite.repair('OrganisationSector', key, 'legacy');
      await endQuarantine(world);
      await world.dualWrite.recover();
      expect([await linked(), await here()]).toEqual(['A', 'A']);
    });

    it('waits for a link that was not made until it cannot be any more', async () => {
      await leaveIntent('create', 0);
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1, undone: 0 });
      const pair = { organisationId: organisation.id, sectorId: Number(sectors[0]?.id) };
      await expect(OrganisationSector.create(pair)).rejects.toThrow(InDoubtError);
      const [, second] = sectors;
      await OrganisationSector.create({ ...pair, sectorId: Number(second?.id) });
      await endQuarantine(world);
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 0, undone: 1 });
      await OrganisationSector.create(pair);
      expect([await linked(), await here()]).toEqual(['AB', 'AB']);
    });

    it('completes a removal that was carried out', async () => {
      await of(organisation).addFurtherSector?.(sectors[0]);
      await leaveIntent('destroy', 0);
      await unlinkAsUser(0);
      expect(await world.dualWrite.recover()).toMatchObject({ undone: 1, 'in doubt': 0 });
      expect(await here()).toBe('');
    });

    it('completes it, too, when a CRM user has made the link again', async () => {
      await of(organisation).addFurtherSector?.(sectors[0]);
      await leaveIntent('destroy', 0);
      await unlinkAsUser(0);
      await linkAsUser(0);
      expect(await world.dualWrite.recover()).toMatchObject({ undone: 1, 'in doubt': 0 });
      expect([await linked(), await here()]).toEqual(['A', '']);
      expect(await OrganisationSector.findAll()).toHaveLength(1);
    });

    it('keeps a link that was not removed', async () => {
      await of(organisation).addFurtherSector?.(sectors[0]);
      await leaveIntent('destroy', 0);
      expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1 });
      await endQuarantine(world);
      expect(await world.dualWrite.recover()).toMatchObject({ undone: 1, 'in doubt': 0 });
      expect([await linked(), await here()]).toEqual(['A', 'A']);
    });
  });
});
