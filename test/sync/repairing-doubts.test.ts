import { SyncError, type RightSide } from '../../src';
import { openClubWorld, type ClubWorld } from '../support/clubs';
import type { Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const sides: RightSide[] = ['local', 'legacy'];

describe.each(faces)('a repair of what is only half there, %s face', (face) => {
  let world: ClubWorld;

  beforeAll(async () => {
    world = await openClubWorld(face, { onDestroy: 'delete', paranoid: false });
  });
  beforeEach(async () => {
    await world.sequelize.query('TRUNCATE dual_write_intents, dual_write_done');
    await world.reset();
  });
  afterAll(() => world.close());

  const there = async (): Promise<unknown[]> =>
    (await world.sandbox.records('account')).map(({ Name, NumberOfEmployees: size }) => [
      Name,
      size,
    ]);
  const here = async (): Promise<unknown[]> =>
    (await world.Club.skipLegacy().findAll()).map(({ name, size }) => [name, size]);

  // The row was rolled back: only what was noted tells the record's key.
  it.each(sides)('finds the record of a create in doubt by the id of its row: %s', async (side) => {
    const { Club, dualWrite, sandbox, sequelize } = world;
    const transaction = await sequelize.transaction();
    const club = await Club.create({ name: 'Chess', size: 1 }, { transaction });
    await sandbox.editAsLegacyUser('account', String(club.legacyId), { NumberOfEmployees: 7 });
    await expect(transaction.rollback()).rejects.toThrow(/repair/);
    expect(await dualWrite.inspect('Club', String(club.id))).toMatchObject({
      ...{ isLocal: false, isLegacy: true, legacyId: club.legacyId },
      openWrites: [{ operation: 'create' }],
    });
    await dualWrite.repair('Club', String(club.id), side);
    const expected = side === 'local' ? [] : [['Chess', 7]];
    expect([await there(), await here()]).toEqual([expected, expected]);
    expect((await dualWrite.status()).open).toEqual([]);
  });

  it.each(sides)('joins a row with the record that was made of it: %s', async (side) => {
    const { Club, dualWrite, sandbox, sequelize } = world;
    const club = await Club.create({ name: 'Chess', size: 1 }, { skipLegacy: true });
    const transaction = await sequelize.transaction();
    await club.save({ transaction });
    const [record] = await sandbox.records('account');
    await sandbox.editAsLegacyUser('account', String(record?.AccountId), { NumberOfEmployees: 7 });
    await expect(transaction.rollback()).rejects.toThrow(/repair/);
    await dualWrite.repair('Club', String(club.id), side);
    const expected = [['Chess', side === 'local' ? 1 : 7]];
    expect([await there(), await here()]).toEqual([expected, expected]);
    expect((await Club.findAll()).map(({ id }) => id)).toEqual([club.id]);
  });

  it('leaves a row as it was when the service refuses', async () => {
    const { Club, dualWrite, sandbox, sequelize } = world;
    const club = await Club.create({ name: 'Chess', size: 1 }, { skipLegacy: true });
    const transaction = await sequelize.transaction();
    await club.save({ transaction });
    const [record] = await sandbox.records('account');
    await sandbox.editAsLegacyUser('account', String(record?.AccountId), { NumberOfEmployees: 7 });
    await expect(transaction.rollback()).rejects.toThrow(/repair/);
    await sandbox.failNext({ method: face === 'dataverse' ? 'PATCH' : 'MERGE', status: 403 });
    await expect(dualWrite.repair('Club', String(club.id), 'local')).rejects.toThrow(/403/);
    const row = await Club.skipLegacy().findByPk(club.id);
    expect([row?.legacyId, row?.size]).toEqual([null, 1]);
    expect((await dualWrite.status()).open).toHaveLength(1);
  });

  it('says what stands in the way where other rows refer to one that must go', async () => {
    const { Club, Member, dualWrite, sandbox } = world;
    const club = await Club.create({ name: 'Chess' });
    await Member.create({ name: 'Ann', clubId: club.id });
    await sandbox.deleteAsLegacyUser('account', String(club.legacyId));
    const repairing = dualWrite.repair('Club', String(club.id), 'legacy');
    await expect(repairing).rejects.toThrow(/other rows here refer to this one/);
    await expect(repairing).rejects.toThrow(SyncError);
    expect(await here()).toHaveLength(1);
  });

  it('shows a row that refers to one which was never there, and removes it', async () => {
    const { Club, Member, dualWrite } = world;
    const club = await Club.create({ name: 'Chess' }, { skipLegacy: true });
    const member = await Member.create({ name: 'Ann', clubId: club.id }, { skipLegacy: true });
    const { fields, isLegacy } = await dualWrite.inspect('Member', String(member.id));
    expect(isLegacy).toBe(false);
    expect(fields).toMatchObject([
      { attribute: 'name', local: 'Ann', legacy: null, differs: true },
      { attribute: 'clubId', local: String(club.id), legacy: null, differs: true },
    ]);
    await expect(dualWrite.repair('Member', String(member.id), 'local')).rejects.toThrow(/Club/);
    await dualWrite.repair('Member', String(member.id), 'legacy');
    expect(await Member.skipLegacy().count()).toBe(0);
  });
});

describe('a repair of a restoration in doubt', () => {
  let world: ClubWorld;

  beforeAll(async () => {
    world = await openClubWorld('dataverse', { onDestroy: 'delete', paranoid: true });
  });
  beforeEach(async () => {
    await world.sequelize.query('TRUNCATE dual_write_intents, dual_write_done');
    await world.reset();
  });
  afterAll(() => world.close());

  it.each(sides)('finds the new record: %s', async (side) => {
    const { Club, dualWrite, sandbox, sequelize } = world;
    const club = await Club.create({ name: 'Chess', size: 1 });
    await club.destroy();
    const transaction = await sequelize.transaction();
    await club.restore({ transaction });
    const [record] = await sandbox.records('account');
    await sandbox.editAsLegacyUser('account', String(record?.AccountId), { NumberOfEmployees: 7 });
    await expect(transaction.rollback()).rejects.toThrow(/repair/);
    await dualWrite.repair('Club', String(club.id), side);
    expect((await sandbox.records('account')).length).toBe(side === 'local' ? 0 : 1);
    const rows = await Club.skipLegacy().findAll({ paranoid: false });
    expect(rows.map((row) => [row.id, row.isSoftDeleted()])).toEqual([[club.id, side === 'local']]);
    expect((await Club.findAll()).map(({ size }) => size)).toEqual(side === 'local' ? [] : [7]);
  });
});
