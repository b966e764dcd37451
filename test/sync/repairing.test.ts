import { randomUUID } from 'node:crypto';
import { NotConnectedError, SyncError } from '../../src';
import { openIntents } from '../support/agreement';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

describe.each<Face>(['dynamics2011', 'dataverse'])('a repair on %s', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE dual_write_intents');
  });

  const key = '7d3b6f50-0000-4000-8000-000000000001';

  async function sectorOnBothSides(name = 'Fictional Foundries'): Promise<string> {
    await world.sandbox.load('optevia_sector', [{ optevia_sectorId: key, optevia_name: name }]);
    const sector = await world.models.Sector.findOne({ where: { legacyId: key } });
    return String(sector?.id);
  }

  async function legacyNames(): Promise<unknown[]> {
    return (await world.sandbox.records('optevia_sector')).map((record) => record.optevia_name);
  }

  async function localNames(): Promise<string[]> {
    return (await world.models.Sector.skipLegacy().findAll()).map(({ name }) => name);
  }

  async function noteOpenWrite(
    operation: string,
    id: string,
    legacyId: string | null,
  ): Promise<void> {
    await world.sequelize.query(
      `INSERT INTO dual_write_intents (id, unit, sequence, operation, model, local_id, legacy_id, sent, before, noted_at, doubt)
       VALUES (4711, $1, 0, $2, 'Sector', $3, $4, '{}', '{}', now() - interval '1 day', 'nobody knows')`,
      { bind: [randomUUID(), operation, id, legacyId] },
    );
  }

  async function openNotes(): Promise<number> {
    return (await openIntents(world)).length;
  }

  describe('looks at both sides', () => {
    it('by either key, in whatever letters', async () => {
      const id = await sectorOnBothSides();
      const byId = await world.dualWrite.inspect('Sector', id);
      expect(byId).toMatchObject({ id, legacyId: key, isLocal: true, isLegacy: true });
      expect(byId.fields.every(({ differs }) => !differs)).toBe(true);
      expect(await world.dualWrite.inspect('Sector', key.toUpperCase())).toEqual(byId);
    });

    it('and says what differs, and what is open', async () => {
      const id = await sectorOnBothSides();
      await world.sandbox.editAsLegacyUser('optevia_sector', key, { optevia_name: 'Over there' });
      await noteOpenWrite('update', id, key);
      const sides = await world.dualWrite.inspect('Sector', id);
      expect(sides.fields.find(({ attribute }) => attribute === 'name')).toMatchObject({
        local: 'Fictional Foundries',
        legacy: 'Over there',
        differs: true,
      });
      expect(sides.openWrites).toMatchObject([
        { operation: 'update', isUnderWay: false, doubt: 'nobody knows' },
      ]);
      expect(await localNames()).toEqual(['Fictional Foundries']);
    });

    it('or says that nobody knows the record, or the model', async () => {
      const { dualWrite } = world;
      await expect(dualWrite.inspect('Sector', randomUUID())).rejects.toThrow(SyncError);
      await expect(dualWrite.inspect('Sector', 'no such key')).rejects.toThrow(SyncError);
      await expect(dualWrite.inspect('Ship', key)).rejects.toThrow(NotConnectedError);
    });
  });

  describe('takes the legacy side', () => {
    it('over local changes that it did not have', async () => {
      const id = await sectorOnBothSides();
      const { Sector } = world.models;
      await Sector.skipLegacy().update({ name: 'Only here' }, { where: { id } });
      const sides = await world.dualWrite.repair('Sector', id, 'legacy');
      expect(sides).toMatchObject({ isAhead: false, openWrites: [] });
      expect(await localNames()).toEqual(['Fictional Foundries']);
      expect((await Sector.findByPk(id))?.name).toBe('Fictional Foundries');
    });

    it('in a revision that says so', async () => {
      const id = await sectorOnBothSides();
      const { Sector } = world.models;
      await Sector.skipLegacy().update({ name: 'Only here' }, { where: { id } });
      await world.dualWrite.repair('Sector', id, 'legacy');
      const sector = await Sector.skipLegacy().findByPk(id, { rejectOnEmpty: true });
      const [version] = await sector.versions();
      expect(version?.revision.comment).toBe('repair: the legacy side is right');
    });

    it('of a row that it never had, or no longer has: the row goes', async () => {
      const { Sector } = world.models;
      const id = await sectorOnBothSides();
      const local = await Sector.skipLegacy().create({ name: 'Only here' });
      await world.sandbox.deleteAsLegacyUser('optevia_sector', key);
      await world.dualWrite.repair('Sector', String(local.id), 'legacy');
      expect(await world.dualWrite.repair('Sector', id, 'legacy')).toMatchObject({
        isLocal: false,
        isLegacy: false,
      });
      expect(await localNames()).toEqual([]);
    });

    it('of a record that is not here: the row is made', async () => {
      await world.sandbox.load('optevia_sector', [
        { optevia_sectorId: key, optevia_name: 'There' },
      ]);
      const sides = await world.dualWrite.repair('Sector', key, 'legacy');
      expect(sides).toMatchObject({ isLocal: true, legacyId: key });
      expect(await localNames()).toEqual(['There']);
    });

    it('and settles what was open, so that the record can be written again', async () => {
      const id = await sectorOnBothSides();
      await noteOpenWrite('update', id, key);
      await world.dualWrite.repair('Sector', id, 'legacy');
      expect(await openNotes()).toBe(0);
      const sector = await world.models.Sector.findByPk(id, { rejectOnEmpty: true });
      await sector.update({ name: 'Written again' });
      expect(await legacyNames()).toEqual(['Written again']);
    });
  });

  describe('takes the local side', () => {
    it('over what was changed there', async () => {
      const id = await sectorOnBothSides();
      await world.sandbox.editAsLegacyUser('optevia_sector', key, { optevia_name: 'Over there' });
      await noteOpenWrite('update', id, key);
      const sides = await world.dualWrite.repair('Sector', id, 'local');
      expect(sides).toMatchObject({ isAhead: false, openWrites: [] });
      expect(await legacyNames()).toEqual(['Fictional Foundries']);
    });

    it('of a row that was never there, or was deleted there: the record is made', async () => {
      const { Sector } = world.models;
      const local = await Sector.skipLegacy().create({ name: 'Only here' });
      await world.dualWrite.repair('Sector', String(local.id), 'local');
      const id = await sectorOnBothSides();
      await world.sandbox.deleteAsLegacyUser('optevia_sector', key);
      const sides = await world.dualWrite.repair('Sector', id, 'local');
      expect(sides.legacyId).not.toBe(key);
      expect((await legacyNames()).sort()).toEqual(['Fictional Foundries', 'Only here']);
      expect(await Sector.count()).toBe(2);
    });

    it('of a record that is not here: the record goes, as one that a lost write has left', async () => {
      await world.sandbox.load('optevia_sector', [{ optevia_sectorId: key, optevia_name: 'Lost' }]);
      await noteOpenWrite('create', randomUUID(), key);
      await world.dualWrite.repair('Sector', key, 'local');
      expect(await legacyNames()).toEqual([]);
      expect(await openNotes()).toBe(0);
    });

    it('and leaves everything as it was when the service refuses', async () => {
      const id = await sectorOnBothSides();
      await world.sandbox.editAsLegacyUser('optevia_sector', key, { optevia_name: 'Over there' });
      await noteOpenWrite('update', id, key);
      const method = face === 'dataverse' ? 'PATCH' : 'MERGE';
      await world.sandbox.failNext({ method, status: 403 });
      await expect(world.dualWrite.repair('Sector', id, 'local')).rejects.toThrow();
      expect(await openNotes()).toBe(1);
      expect(await legacyNames()).toEqual(['Over there']);
      expect(await localNames()).toEqual(['Fictional Foundries']);
    });
  });

  it('waits for a write that is under way, and says so', async () => {
    const id = await sectorOnBothSides();
    await noteOpenWrite('update', id, key);
    const writer = await world.sequelize.transaction();
    await world.sequelize.query('SELECT pg_advisory_xact_lock(4711)', { transaction: writer });
    await expect(world.dualWrite.repair('Sector', id, 'legacy')).rejects.toThrow('under way');
    expect(await openNotes()).toBe(1);
    await writer.rollback();
  });
});
