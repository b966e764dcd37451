import { Op } from 'sequelize';
import { DualWriteError, LegacyResponseError, SyncError } from '../../src';
import { openClubWorld, type ClubModels, type ClubWorld } from '../support/clubs';
import type { Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('rows whose records are made inactive, %s face', (face) => {
  let world: ClubWorld;
  let Club: ClubModels['Club'];

  const set = face === 'dataverse' ? 'accounts' : 'AccountSet';
  const stateChange = face === 'dataverse' ? 'PATCH' : 'SETSTATE';

  beforeAll(async () => {
    world = await openClubWorld(face);
    ({ Club } = world);
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    // Intents of committed writes go a moment later; recovery takes what is left of them.
    await world.dualWrite.recover();
    const [open] = await world.sequelize.query('SELECT * FROM dual_write_intents');
    expect(open).toEqual([]);
  });
  afterAll(() => world.close());

  const names = async (): Promise<string[]> =>
    (await Club.findAll()).map(({ name }) => name).sort();
  const stateOf = async ({ legacyId }: { legacyId: string | null }): Promise<unknown[]> => {
    const record = await world.sandbox.record('account', String(legacyId));
    return [record?.StateCode, record?.StatusCode];
  };

  it('makes the record of a destroyed row inactive, which is then not there any more', async () => {
    const club = await Club.create({ name: 'Chess' });
    await Club.create({ name: 'Go' });
    await world.legacyCalls();
    await club.destroy();
    expect(await world.legacyCalls()).toEqual([`GET ${set}`, `${stateChange} ${set}`]);
    expect(await world.states()).toEqual({ Chess: 1, Go: 0 });
    expect(await names()).toEqual(['Go']);
    expect(await Club.findByPk(club.id)).toBeNull();
    expect(await Club.findOne({ where: { name: 'Chess' } })).toBeNull();
    expect([await Club.count(), await Club.max('name')]).toEqual([1, 'Go']);
    const kept = await Club.findByPk(club.id, { paranoid: false });
    expect(kept?.legacyId).toBe(club.legacyId);
    expect((await club.versions()).map(({ kind }) => kind)).toEqual(['deleted', 'created']);
  });

  it('makes it active again when the row is restored, and takes what it holds by then', async () => {
    const club = await Club.create({ name: 'Chess', size: 7 });
    await club.destroy();
    await world.sandbox.editAsLegacyUser('account', String(club.legacyId), {
      NumberOfEmployees: 9,
    });
    await world.legacyCalls();
    await club.restore();
    const own = [`GET ${set}`, `${stateChange} ${set}`];
    const afterwards = face === 'dataverse' ? [] : [`GET ${set}`];
    expect(await world.legacyCalls()).toEqual([...own, ...afterwards]);
    expect(await world.states()).toEqual({ Chess: 0 });
    expect(club.size).toBe(9);
    const found = await Club.findOne();
    expect([found?.id, found?.legacyId, found?.size]).toEqual([club.id, club.legacyId, 9]);
    await found?.update({ size: 10 });
    await found?.destroy();
    expect(await world.states()).toEqual({ Chess: 1 });
  });

  it('sends what is changed with the restoring', async () => {
    const club = await Club.create({ name: 'Chess', size: 7 });
    await club.destroy();
    await world.sandbox.editAsLegacyUser('account', String(club.legacyId), { Name: 'Check' });
    club.size = 8;
    await club.restore();
    expect(await world.sandbox.record('account', String(club.legacyId))).toMatchObject({
      ...{ Name: 'Check', NumberOfEmployees: 8, StateCode: 0 },
    });
    expect([club.name, club.size]).toEqual(['Check', 8]);
    expect(await names()).toEqual(['Check']);
  });

  it('gives a restored row a successor where the record was deleted meanwhile', async () => {
    const club = await Club.create({ name: 'Chess' });
    const lost = String(club.legacyId);
    await club.destroy();
    await world.sandbox.deleteAsLegacyUser('account', lost);
    await club.restore();
    expect(club.legacyId).not.toBe(lost);
    expect(await world.states()).toEqual({ Chess: 0 });
    expect(await names()).toEqual(['Chess']);
  });

  it('destroys and restores in bulk', async () => {
    await Club.bulkCreate(['Chess', 'Go', 'Shogi'].map((name) => ({ name })));
    await world.legacyCalls();
    expect(await Club.destroy({ where: { name: { [Op.ne]: 'Go' } } })).toBe(2);
    const calls = await world.legacyCalls();
    expect(calls.filter((call) => !call.startsWith('GET'))).toEqual(
      face === 'dataverse' ? ['BATCH $batch'] : [`SETSTATE ${set}`, `SETSTATE ${set}`],
    );
    expect(await world.states()).toEqual({ Chess: 1, Go: 0, Shogi: 1 });
    expect(await names()).toEqual(['Go']);
    await Club.restore();
    expect(await world.states()).toEqual({ Chess: 0, Go: 0, Shogi: 0 });
    expect(await names()).toEqual(['Chess', 'Go', 'Shogi']);
    const keys = (await Club.findAll()).map(({ legacyId }) => legacyId);
    expect(new Set(keys).size).toBe(3);
  });

  it('has nothing to do where a CRM user has done it already', async () => {
    const [club, other] = await Club.bulkCreate([{ name: 'Chess' }, { name: 'Go' }]);
    await world.setState('Chess', 1);
    await world.sandbox.deleteAsLegacyUser('account', String(other?.legacyId));
    await world.legacyCalls();
    await club?.destroy();
    await other?.destroy();
    expect(await world.legacyCalls()).toEqual([`GET ${set}`, `GET ${set}`]);
    expect(await world.states()).toEqual({ Chess: 1 });
    await world.setState('Chess', 0);
    expect(await names()).toEqual(['Chess']);
    await club?.destroy();
    await world.setState('Chess', 0);
    await club?.restore();
    expect(await names()).toEqual(['Chess']);
  });

  it('refuses to save a row that a CRM user has made inactive', async () => {
    const club = await Club.create({ name: 'Chess' });
    await world.setState('Chess', 1);
    await expect(club.update({ size: 3 })).rejects.toThrow(SyncError);
    expect(await world.sandbox.record('account', String(club.legacyId))).toMatchObject({
      NumberOfEmployees: null,
    });
    expect(await names()).toEqual([]);
  });

  it('puts state and status reason back when the transaction is rolled back', async () => {
    const club = await Club.create({ name: 'Chess' });
    const own = { StatusCode: 100_000_007 };
    await world.sandbox.editAsLegacyUser('account', String(club.legacyId), own);
    await expect(
      world.sequelize.transaction(async (transaction) => {
        await club.destroy({ transaction });
        expect(await Club.findAll({ transaction })).toEqual([]);
        throw new Error('The caller has thought better of it.');
      }),
    ).rejects.toThrow('thought better');
    expect(await stateOf(club)).toEqual([0, 100_000_007]);
    expect(await names()).toEqual(['Chess']);
    await club.destroy();
    await world.sandbox.editAsLegacyUser('account', String(club.legacyId), {
      StatusCode: 100_000_008,
    });
    await expect(
      world.sequelize.transaction(async (transaction) => {
        await club.restore({ transaction });
        expect(await stateOf(club)).toEqual([0, 1]);
        throw new Error('The caller has thought better of it.');
      }),
    ).rejects.toThrow('thought better');
    expect(await stateOf(club)).toEqual([1, 100_000_008]);
    expect(await names()).toEqual([]);
  });

  it('leaves the record alone when destroyed and restored in one transaction', async () => {
    const club = await Club.create({ name: 'Chess' });
    await world.legacyCalls();
    await world.sequelize.transaction(async (transaction) => {
      await club.destroy({ transaction });
      await club.restore({ transaction });
      expect(await Club.findAll({ transaction })).toHaveLength(1);
    });
    expect((await world.legacyCalls()).filter((call) => !call.startsWith('GET'))).toEqual([]);
    expect(await names()).toEqual(['Chess']);
    await world.sequelize.transaction(async (transaction) => {
      await club.destroy({ transaction });
      await club.restore({ transaction });
      await club.destroy({ transaction });
    });
    expect(await world.states()).toEqual({ Chess: 1 });
    await world.sequelize.transaction(async (transaction) => {
      await club.restore({ transaction });
      await club.destroy({ transaction });
    });
    expect(await world.states()).toEqual({ Chess: 1 });
    expect(await names()).toEqual([]);
  });

  it('keeps the row when the CRM refuses', async () => {
    const club = await Club.create({ name: 'Chess' });
    const refusal = {
      status: face === 'dataverse' ? 400 : 500,
      message: 'No.',
      code: '-2147220891',
    };
    await world.sandbox.failNext({ method: stateChange, ...refusal });
    await expect(club.destroy()).rejects.toThrow(LegacyResponseError);
    expect(await world.states()).toEqual({ Chess: 0 });
    await club.reload();
    expect(await names()).toEqual(['Chess']);
  });

  it('takes back what was carried out although its answer was lost', async () => {
    const club = await Club.create({ name: 'Chess' });
    await world.sandbox.loseResponse({ method: stateChange });
    await expect(club.destroy()).rejects.toThrow();
    expect(await world.states()).toEqual({ Chess: 0 });
    expect(await names()).toEqual(['Chess']);
  });

  it('is in doubt while a request without an answer may still arrive', async () => {
    const club = await Club.create({ name: 'Chess' });
    await world.sandbox.failNext({ method: stateChange, form: 'drop' });
    await expect(club.destroy()).rejects.toThrow(DualWriteError);
    expect(await names()).toEqual(['Chess']);
    expect(await world.dualWrite.recover()).toMatchObject({ 'in doubt': 1 });
    await world.setState('Chess', 1);
    expect(await world.dualWrite.recover()).toMatchObject({ undone: 1 });
    expect(await world.states()).toEqual({ Chess: 0 });
    expect(await names()).toEqual(['Chess']);
  });
});
