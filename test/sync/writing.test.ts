import {
  DualWriteError,
  LegacyError,
  LegacyResponseError,
  SyncConflictError,
  SyncError,
  UnsupportedCallError,
  revision,
} from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('writing through the %s face', (face) => {
  let world: DualWorld;
  let update: string;
  let create: string;

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 1500 });
    update = face === 'dataverse' ? 'PATCH accounts' : 'MERGE AccountSet';
    create = face === 'dataverse' ? 'PATCH accounts' : 'POST AccountSet';
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const accounts = async (): Promise<unknown[]> => {
    const records = await world.sandbox.records('account');
    return records.map((record) => record.Name);
  };
  const rows = async (): Promise<string[]> => {
    const { Organisation } = world.models;
    const found = await Organisation.skipLegacy().findAll({ order: ['name'] });
    return found.map(({ name }) => name);
  };

  it('creates on both sides, under a key of our own', async () => {
    const { Organisation, Sector } = world.models;
    const sector = await Sector.create({ name: 'Steel' });
    await world.legacyCalls();
    const created = await Organisation.create({
      name: "O'Brien & Söhne",
      revenue: '1234.5',
      foundedOn: '1998-03-21',
      sectorId: sector.id,
    });
    expect(await world.legacyCalls()).toEqual([create]);
    const [record] = await world.sandbox.records('account');
    expect(record).toMatchObject({
      AccountId: created.legacyId,
      Name: "O'Brien & Söhne",
      optevia_Sector: sector.legacyId,
      optevia_FoundedOn: '1998-03-21',
    });
    expect(Number(record?.Revenue)).toBe(1234.5);
    expect(created.revenue).toBe('1234.50');
    expect(created.modifiedAt).toEqual(created.legacyModifiedAt);
    expect(await Organisation.count()).toBe(1);
  });

  it('sends only what has changed', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Fictional Foundry', employees: 5 });
    await world.legacyCalls();
    await row.set({ employees: 6 }).save();
    const calls = (await world.journal()).filter(({ applied }) => applied);
    expect(calls).toHaveLength(1);
    expect(Object.keys(calls[0]?.body as object)).toHaveLength(1);
    expect((await world.legacyCalls()).filter((call) => call === update)).toHaveLength(1);
  });

  it('keeps what a CRM user changed in other fields, and shows it', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Fictional Foundry', employees: 5 });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { Telephone1: '123' });
    await row.update({ employees: 6 });
    expect(row.telephone).toBe('123');
    const [record] = await world.sandbox.records('account');
    expect(record).toMatchObject({ Telephone1: '123', NumberOfEmployees: 6 });
  });

  it('needs no request for columns that are not mapped', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Fictional Foundry' });
    await world.legacyCalls();
    await row.update({ internalNote: 'only here' });
    expect(await world.legacyCalls()).toEqual([]);
    expect(await Organisation.count({ where: { internalNote: 'only here' } })).toBe(1);
  });

  it('deletes on both sides', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Fictional Foundry' });
    await row.destroy();
    expect(await accounts()).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  it('leaves nothing of a refused create or update', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Fictional Foundry' });
    await world.sandbox.failNext({ status: 400, message: 'A plug-in says no.' });
    const refused = Organisation.create({ name: 'Refused' });
    await expect(refused).rejects.toThrow(LegacyResponseError);
    const method = face === 'dataverse' ? 'PATCH' : 'MERGE';
    await world.sandbox.failNext({ method, status: 403 });
    await expect(row.update({ name: 'Refused' })).rejects.toThrow(LegacyError);
    expect(await rows()).toEqual(['Fictional Foundry']);
    expect(await accounts()).toEqual(['Fictional Foundry']);
    expect(await row.versions()).toHaveLength(1);
  });

  it.each([false, true])('settles a 500 of its own words (applied: %s)', async (afterApplying) => {
    const { Organisation } = world.models;
    const method = face === 'dataverse' ? 'PATCH' : 'POST';
    // A create under a key of our own can be repeated on Dataverse, and is.
    const times = face === 'dataverse' ? 4 : 1;
    await world.sandbox.failNext({ method, status: 500, message: 'No.', afterApplying, times });
    await expect(Organisation.create({ name: 'Refused' })).rejects.toThrow(LegacyResponseError);
    expect(await rows()).toEqual([]);
    expect(await accounts()).toEqual([]);
  });

  it('undoes earlier writes of a transaction whose last one is refused', async () => {
    const { Organisation } = world.models;
    const kept = await Organisation.create({ name: 'Kept', employees: 1 });
    const work = world.sequelize.transaction(async (transaction) => {
      await kept.update({ employees: 2 }, { transaction });
      await Organisation.create({ name: 'First' }, { transaction });
      const method = face === 'dataverse' ? 'PATCH' : 'POST';
      await world.sandbox.failNext({ method, status: 400 });
      await Organisation.create({ name: 'Second' }, { transaction });
    });
    await expect(work).rejects.toThrow(LegacyResponseError);
    expect(await rows()).toEqual(['Kept']);
    const [record, ...others] = await world.sandbox.records('account');
    expect(others).toEqual([]);
    expect(record?.NumberOfEmployees).toBe(1);
  });

  it('lets a caller catch a refusal and commit the rest', async () => {
    const { Organisation } = world.models;
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'First' }, { transaction });
      const method = face === 'dataverse' ? 'PATCH' : 'POST';
      await world.sandbox.failNext({ method, status: 400 });
      await expect(Organisation.create({ name: 'No' }, { transaction })).rejects.toThrow();
      await Organisation.create({ name: 'Third' }, { transaction });
    });
    expect(await rows()).toEqual(['First', 'Third']);
    expect((await accounts()).sort()).toEqual(['First', 'Third']);
  });

  it('undoes what was written inside a savepoint that is rolled back', async () => {
    const { Organisation } = world.models;
    await world.sequelize.transaction(async (transaction) => {
      await Organisation.create({ name: 'Outer' }, { transaction });
      const inner = world.sequelize.transaction({ transaction }, async (savepoint) => {
        await Organisation.create({ name: 'Inner' }, { transaction: savepoint });
        throw new Error('Changed my mind');
      });
      await expect(inner).rejects.toThrow('Changed my mind');
    });
    expect(await rows()).toEqual(['Outer']);
    expect(await accounts()).toEqual(['Outer']);
  });

  it('serves writes of one transaction that are made at once, one after the other', async () => {
    const { Organisation } = world.models;
    await world.sequelize.transaction(async (transaction) => {
      const method = face === 'dataverse' ? 'PATCH' : 'POST';
      await world.sandbox.failNext({ method, status: 400 });
      const results = await Promise.allSettled(
        ['A', 'B', 'C'].map((name) => Organisation.create({ name }, { transaction })),
      );
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    });
    expect(await rows()).toEqual(['B', 'C']);
    expect((await accounts()).sort()).toEqual(['B', 'C']);
  });

  it('sends deletes last, and not at all when the transaction fails', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Fictional Foundry' });
    const work = world.sequelize.transaction(async (transaction) => {
      await row.destroy({ transaction });
      throw new Error('Changed my mind');
    });
    await expect(work).rejects.toThrow('Changed my mind');
    expect(await rows()).toEqual(['Fictional Foundry']);
    expect(await accounts()).toEqual(['Fictional Foundry']);
  });

  it('undoes a create whose answer was lost', async () => {
    const { Organisation } = world.models;
    const method = face === 'dataverse' ? 'PATCH' : 'POST';
    const times = face === 'dataverse' ? 4 : 1;
    await world.sandbox.loseResponse({ method, times });
    const lost = await Organisation.create({ name: 'Lost' }).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(Error);
    expect(await rows()).toEqual([]);
    expect(await accounts()).toEqual([]);
  });

  it('does not undo what somebody has built on', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    const row = await Organisation.create({ name: 'Mine' }, { transaction });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { Telephone1: '1' });
    await expect(transaction.rollback()).rejects.toThrow(DualWriteError);
    expect(await accounts()).toEqual(['Mine']);
  });

  it('names a record that a CRM user has deleted', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Fictional Foundry' });
    await world.sandbox.deleteAsLegacyUser('account', String(row.legacyId));
    await expect(row.update({ name: 'Too late' })).rejects.toThrow(SyncError);
  });

  it('finds or creates', async () => {
    const { Organisation } = world.models;
    const [first, isNew] = await Organisation.findOrCreate({
      where: { name: 'Fictional Foundry' },
    });
    const [second, isNewAgain] = await Organisation.findOrCreate({
      where: { name: 'Fictional Foundry' },
    });
    expect([isNew, isNewAgain, second.id]).toEqual([true, false, first.id]);
    expect(await accounts()).toEqual(['Fictional Foundry']);
  });

  it('leaves nothing when findOrCreate is refused, although it commits', async () => {
    const { Organisation } = world.models;
    const method = face === 'dataverse' ? 'PATCH' : 'POST';
    await world.sandbox.failNext({ method, status: 400 });
    const refused = Organisation.findOrCreate({ where: { name: 'Fictional Foundry' } });
    await expect(refused).rejects.toThrow(LegacyResponseError);
    expect(await rows()).toEqual([]);
    expect(await accounts()).toEqual([]);
  });

  it('creates children with their parent', async () => {
    const { Organisation } = world.models;
    await Organisation.create(
      { name: 'Parent', contacts: [{ lastName: 'Example' }, { lastName: 'Specimen' }] } as never,
      { include: ['contacts'] },
    );
    const contacts = await world.sandbox.records('contact');
    expect(contacts.map((record) => record.LastName).sort()).toEqual(['Example', 'Specimen']);
    const [record] = await world.sandbox.records('account');
    expect(contacts.every((contact) => contact.ParentCustomerId === record?.AccountId)).toBe(true);
  });

  it('refuses to truncate, and names what to use instead', async () => {
    const { Organisation } = world.models;
    const calls = [() => Organisation.destroy({ truncate: true }), () => Organisation.truncate()];
    for (const call of calls) await expect(call()).rejects.toThrow(UnsupportedCallError);
    expect(await world.legacyCalls()).toEqual([]);
    await Organisation.skipLegacy().truncate({ cascade: true });
  });

  it('notes who changed what, and reverts on both sides', async () => {
    const { Organisation } = world.models;
    const row = await revision({ user: 'Ada Example', comment: 'first' }, () =>
      Organisation.create({ name: 'Before' }),
    );
    await revision({ user: 'Ben Example' }, () => row.update({ name: 'After' }));
    const [latest, first] = await row.versions();
    expect([first?.revision.user, first?.revision.comment]).toEqual(['Ada Example', 'first']);
    expect(latest?.diff()).toEqual({ name: { before: 'Before', after: 'After' } });
    await first?.revert();
    expect(await accounts()).toEqual(['Before']);
    expect(await rows()).toEqual(['Before']);
  });
});

describe('conflict rules', () => {
  it.each(['reject', 'merge'] as const)(
    '%s refuses a field that both sides changed',
    async (rule) => {
      const world = await openDualWorld({
        remap: (migrators) =>
          migrators.map((migrator) => ({
            ...migrator,
            definition: { ...migrator.definition, conflict: rule },
          })),
      });
      try {
        const { Organisation } = world.models;
        const row = await Organisation.create({ name: 'Base', employees: 1 });
        await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { Name: 'Theirs' });
        const refused = await row.update({ name: 'Ours' }).catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(SyncConflictError);
        expect((refused as SyncConflictError).fields).toEqual({
          name: { base: 'Base', local: 'Ours', legacy: 'Theirs' },
        });
        await row.reload();
        expect(row.name).toBe('Theirs');
        await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { Telephone1: '1' });
        const other = row.update({ employees: 2 });
        if (rule === 'merge') expect((await other).telephone).toBe('1');
        else await expect(other).rejects.toThrow(SyncConflictError);
      } finally {
        await world.close();
      }
    },
  );
});
