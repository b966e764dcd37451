import { DualWriteError } from '../../src';
import { isOpen } from '../../src/sync/open-intents';
import { openIntents } from '../support/agreement';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import {
  clearWorld,
  disagreements,
  endQuarantine,
  legacyOrganisations,
  watchOrganisations,
} from './oracle';
import { until } from './until';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('recovery beside others, %s face', (face) => {
  let world: DualWorld;
  const post = face === 'dataverse' ? 'PATCH' : 'POST';

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 1000, recoverEveryMs: 0 });
    await watchOrganisations(world);
  });
  beforeEach(() => clearWorld(world));
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const held = async (): Promise<unknown[]> =>
    (await legacyOrganisations(world)).map(({ name, employees }) => [name, employees]).sort();

  /** Leave an update in doubt that recovery looks at before all others; it cannot be taken back. */
  const leaveInDoubt = async (): Promise<string> => {
    const row = await world.models.Organisation.create({ name: 'Doubtful', employees: 1 });
    const transaction = await world.sequelize.transaction();
    await row.update({ employees: 2 }, { transaction });
    const key = String(row.legacyId);
    await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 3 });
    await expect(transaction.rollback()).rejects.toThrow(DualWriteError);
    await world.sequelize.query(
      `UPDATE dual_write_intents i SET unit = '00000000-0000-0000-0000-000000000000'
        WHERE ${isOpen}`,
    );
    return key;
  };

  /** Start a recovery that hangs at this record until the returned promise is awaited. */
  const recoverSlowly = async (key: string): Promise<{ report: Promise<unknown> }> => {
    await world.sandbox.clearJournal();
    await world.sandbox.delayNext({ method: 'GET', key, delayMs: 600 });
    const report = world.dualWrite.recover();
    await until('recovery is under way', async () =>
      (await world.journal()).some((entry) => entry.key === key),
    );
    return { report };
  };

  it('leaves living writers alone', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    await world.sequelize.transaction(async (transaction) => {
      await row.update({ employees: 2 }, { transaction });
      await Organisation.create({ name: 'Made', employees: 7 }, { transaction });
      await endQuarantine(world);
      expect(await world.dualWrite.recover()).toMatchObject({ 'left alone': 1, undone: 0 });
    });
    expect(await disagreements(world)).toEqual([]);
    expect(await held()).toEqual([
      ['Kept', 2],
      ['Made', 7],
    ]);
  });

  it('does not undo what commits while it runs', async () => {
    const { Organisation } = world.models;
    const key = await leaveInDoubt();
    const kept = await Organisation.create({ name: 'Kept', employees: 1 });
    const transaction = await world.sequelize.transaction();
    await kept.update({ employees: 2 }, { transaction });
    await Organisation.create({ name: 'Made', employees: 7 }, { transaction });
    const { report } = await recoverSlowly(key);
    await transaction.commit();
    expect(await openIntents(world)).toHaveLength(1);
    await report;
    expect(await held()).toEqual([
      ['Doubtful', 3],
      ['Kept', 2],
      ['Made', 7],
    ]);
  });

  it('does not settle twice what another recovery has settled', async () => {
    const { Organisation } = world.models;
    const key = await leaveInDoubt();
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const method = face === 'dataverse' ? 'PATCH' : 'MERGE';
    await world.sandbox.delayNext({ method, delayMs: 2000, when: 'after' });
    await expect(row.update({ employees: 2 })).rejects.toThrow();
    const { report } = await recoverSlowly(key);
    await world.dualWrite.recover();
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 2 });
    await report;
    expect(await held()).toEqual([
      ['Doubtful', 3],
      ['Kept', 2],
    ]);
  });

  it('settles once when several run at the same time', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const times = face === 'dataverse' ? 4 : 1;
    await world.sandbox.loseResponse({ method: post, times });
    await world.sandbox.failNext({ method: 'GET', times: 4, status: 500 });
    await expect(Organisation.create({ name: 'Lost' })).rejects.toThrow(DualWriteError);
    expect(await held()).toContainEqual(['Lost', null]);
    await endQuarantine(world);
    await Promise.all([1, 2, 3].map(() => world.dualWrite.recover()));
    expect(await held()).toEqual([[row.name, 1]]);
    expect(await disagreements(world)).toEqual([]);
  });

  it('settles two updates of one record, of which the second never arrived', async () => {
    const row = await world.models.Organisation.create({ name: 'Kept', employees: 1 });
    const outcome = world.sequelize.transaction(async (transaction) => {
      await row.update({ employees: 2 }, { transaction });
      const method = face === 'dataverse' ? 'PATCH' : 'MERGE';
      await world.sandbox.failNext({ method, form: 'drop' });
      await row.update({ employees: 3 }, { transaction });
    });
    await expect(outcome).rejects.toThrow();
    await world.dualWrite.recover();
    await endQuarantine(world);
    await world.dualWrite.recover();
    expect(await held()).toEqual([['Kept', 1]]);
    expect(await disagreements(world)).toEqual([]);
  });

  // Only there a create under a key of our own is repeated.
  it('takes a repeated create back for good', async () => {
    const { Organisation } = world.models;
    await world.sandbox.delayNext({ method: post, delayMs: 2500, when: 'before' });
    const transaction = await world.sequelize.transaction();
    const outcome = await Organisation.create({ name: 'Twice' }, { transaction }).catch(
      (error: unknown) => error,
    );
    // Only on Dataverse a create under a key of our own is repeated, and so answered.
    expect(outcome instanceof Error).toBe(face !== 'dataverse');
    await transaction.rollback().catch(() => undefined);
    await until('every copy has arrived', async () =>
      (await world.journal()).every((entry) => entry.status !== null),
    );
    await endQuarantine(world);
    await world.dualWrite.recover();
    expect(await held()).toEqual([]);
    expect(await disagreements(world)).toEqual([]);
  });

  it('leaves no value behind that a reader saw before it was taken back', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Kept', employees: 1 });
    const method = face === 'dataverse' ? 'PATCH' : 'MERGE';
    await world.sandbox.loseResponse({ method });
    await world.sandbox.failNext({ method, form: 'drop' });
    await expect(row.update({ employees: 2 })).rejects.toThrow(DualWriteError);
    expect(await held()).toEqual([['Kept', 2]]);
    await Organisation.findAll();
    await endQuarantine(world);
    expect(await world.dualWrite.recover()).toMatchObject({ undone: 1 });
    expect(await disagreements(world)).toEqual([]);
  });

  it('does not remove a create that others refer to', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    const row = await Organisation.create({ name: 'Built on' }, { transaction });
    await world.sandbox.createAsLegacyUser('contact', {
      LastName: 'Example',
      ParentCustomerId: String(row.legacyId),
    });
    await expect(transaction.rollback()).rejects.toThrow(DualWriteError);
    const [contact] = await world.sandbox.records('contact');
    expect(contact?.ParentCustomerId).toBe(row.legacyId);
  });

  it('knows its own values again after the service has rounded them', async () => {
    const { Order, Organisation } = world.models;
    const times = face === 'dataverse' ? 4 : 1;
    await world.sandbox.loseResponse({ method: post, times });
    const lost = { name: 'Lost ', rating: '1.23456', revenue: '10.005', foundedOn: '1998-03-21' };
    await Organisation.create(lost).catch(() => undefined);
    await world.sandbox.loseResponse({ method: post, times });
    const submittedAt = new Date('2020-05-05T10:11:12.789Z');
    await Order.create({ orderNumber: 'Lost', submittedAt }).catch(() => undefined);
    await endQuarantine(world);
    await world.dualWrite.recover();
    expect(await held()).toEqual([]);
    expect(await world.sandbox.records('salesorder')).toEqual([]);
    expect(await disagreements(world)).toEqual([]);
  });
});
