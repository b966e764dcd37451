import { Op, type Transaction } from 'sequelize';
import { LegacyError, NotInSyncError, revision } from '../../src';
import { countOwnStatements, openIntents } from '../support/agreement';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('Model.update through the %s face', (face) => {
  let world: DualWorld;
  const method = face === 'dataverse' ? 'PATCH' : 'MERGE';

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 1500, recoverEveryMs: 0 });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await expectAgreement();
  });
  afterAll(() => world.close());

  const names = async (): Promise<string[]> => {
    const rows = await world.models.Organisation.skipLegacy().findAll({ order: ['name'] });
    return rows.map(({ name }) => name);
  };
  const accounts = async (): Promise<unknown[]> => {
    const records = await world.sandbox.records('account');
    return records.map(({ Name }) => Name).sort();
  };
  const expectAgreement = async (): Promise<void> => {
    expect(await names()).toEqual(await accounts());
    const rows = await world.models.Organisation.skipLegacy().findAll();
    for (const row of rows) expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
  };
  const five = async (transaction?: Transaction): Promise<string[]> => {
    const ids: string[] = [];
    for (const name of ['A', 'B', 'C', 'D', 'E']) {
      const row = await world.models.Organisation.create({ name, employees: 1 }, { transaction });
      ids.push(row.id);
    }
    await world.legacyCalls();
    return ids;
  };
  const writes = async (): Promise<string[]> => {
    const calls = await world.legacyCalls();
    return calls.filter((call) => !call.startsWith('GET'));
  };

  it('changes the rows on both sides that match in the CRM, new ones too', async () => {
    const { Organisation } = world.models;
    await five();
    const [first] = await world.sandbox.records('account');
    await world.sandbox.editAsLegacyUser('account', String(first?.AccountId), {
      NumberOfEmployees: 7,
    });
    await world.sandbox.createAsLegacyUser('account', { Name: 'F', NumberOfEmployees: 7 });
    const result = await Organisation.update({ telephone: '1' }, { where: { employees: 7 } });
    expect(result).toEqual([2]);
    expect(await writes()).toHaveLength(face === 'dataverse' ? 1 : 2);
    const records = await world.sandbox.records('account');
    expect(records.filter(({ Telephone1 }) => Telephone1 === '1')).toHaveLength(2);
    expect(await Organisation.count({ where: { telephone: '1' } })).toBe(2);
  });

  it('looks at the condition with what the CRM has by now', async () => {
    const { Organisation } = world.models;
    const [id] = await five();
    const row = await Organisation.findByPk(id, { skipLegacy: true });
    await world.sandbox.editAsLegacyUser('account', String(row?.legacyId), { Name: 'New' });
    // What is here says "A": an update to that must be sent all the same.
    expect(await Organisation.update({ name: 'A' }, { where: { id: String(id) } })).toEqual([1]);
    expect(await accounts()).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  it('takes limit, returning, fields and individual hooks as Sequelize does', async () => {
    const { Organisation } = world.models;
    await five();
    const [count, rows] = await Organisation.update(
      { telephone: '1', website: 'https://example.invalid' },
      { where: { employees: 1 }, limit: 2, returning: true, fields: ['telephone'] },
    );
    expect(count).toBe(2);
    expect(rows.map(({ telephone, website }) => [telephone, website])).toEqual([
      ['1', null],
      ['1', null],
    ]);
    for (const row of rows) expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
    const seen: string[] = [];
    Organisation.addHook('beforeUpdate', 'test', (row) => {
      seen.push(String(row.get('name')));
      row.set('description', 'touched by a hook');
    });
    try {
      const found = { name: { [Op.in]: ['A', 'B'] } };
      const updated = await Organisation.update(
        { employees: 2 },
        { where: found, individualHooks: true },
      );
      expect(updated[0]).toBe(2);
      expect(seen.sort()).toEqual(['A', 'B']);
    } finally {
      Organisation.removeHook('beforeUpdate', 'test');
    }
    const records = await world.sandbox.records('account');
    const described = records.filter(({ Description }) => Description === 'touched by a hook');
    expect(described.map(({ Name }) => Name).sort()).toEqual(['A', 'B']);
  });

  it('lets hooks make synced calls of their own', async () => {
    const { Organisation, Sector } = world.models;
    await five();
    const hook = async (options: { transaction?: Transaction | null }): Promise<void> => {
      await Sector.create({ name: 'From a hook' }, { transaction: options.transaction });
    };
    Organisation.addHook('beforeBulkUpdate', 'test', hook as never);
    try {
      await Organisation.update({ employees: 2 }, { where: { name: 'A' } });
    } finally {
      Organisation.removeHook('beforeBulkUpdate', 'test');
    }
    expect(await world.sandbox.records('optevia_sector')).toHaveLength(1);
  });

  it('refuses what a hook has widened', async () => {
    const { Organisation } = world.models;
    await five();
    Organisation.addHook('beforeBulkUpdate', 'test', ((options: { where: object }) => {
      options.where = {};
    }) as never);
    try {
      const work = Organisation.update({ employees: 2 }, { where: { name: 'A' } });
      await expect(work).rejects.toThrow('widened');
    } finally {
      Organisation.removeHook('beforeBulkUpdate', 'test');
    }
    expect(await writes()).toEqual([]);
  });

  it('sends nothing for columns that are not mapped', async () => {
    const { Organisation } = world.models;
    await five();
    const result = await Organisation.update({ internalNote: 'x' }, { where: { name: 'A' } });
    expect(result).toEqual([1]);
    expect(await writes()).toEqual([]);
    expect(await Organisation.count({ where: { internalNote: 'x' } })).toBe(1);
  });

  it('finds the rows in the CRM of which a column of this side alone is set', async () => {
    const { Organisation } = world.models;
    await five();
    const [first, second] = await world.sandbox.records('account');
    const edit = (record: typeof first, values: object): Promise<unknown> =>
      world.sandbox.editAsLegacyUser('account', String(record?.AccountId), { ...values });
    await edit(first, { NumberOfEmployees: 7 });
    await world.sandbox.deleteAsLegacyUser('account', String(second?.AccountId));
    await world.sandbox.createAsLegacyUser('account', { Name: 'F', NumberOfEmployees: 7 });
    const noted = async (employees: number): Promise<unknown> => {
      const where = { [Op.or]: [{ employees }, { internalNote: 'other' }] };
      const [count, rows] = await Organisation.update(
        { internalNote: 'x' },
        { where, returning: true },
      );
      expect(rows).toHaveLength(count);
      return rows.map(({ name }) => name).sort();
    };
    expect(await noted(7)).toEqual([first?.Name, 'F'].sort());
    expect(await noted(1)).toHaveLength(3);
    expect(await writes()).toEqual([]);
  });

  it('asks for nothing where columns of this side alone are named', async () => {
    const { Organisation } = world.models;
    const [id = '', other = ''] = await five();
    const calls = [
      [{ id }, 1],
      [{ internalNote: 'x' }, 1],
      [{ [Op.and]: [{ id: [id, other] }, { [Op.not]: { internalNote: 'y' } }] }, 1],
      [{}, 5],
    ] as const;
    for (const [where, count] of calls) {
      expect(await Organisation.update({ internalNote: 'x' }, { where })).toEqual([count]);
    }
    expect(await world.legacyCalls()).toEqual([]);
  });

  it('sends nothing for values that are there already, and leaves those rows in step', async () => {
    const { Organisation } = world.models;
    await five();
    await Organisation.update({ employees: 1, internalNote: 'x' }, { where: { name: 'A' } });
    expect(await writes()).toEqual([]);
  });

  it('asks for no more than a save where rows are named by key', async () => {
    const { Organisation } = world.models;
    const ids = await five();
    await Organisation.update({ employees: 2 }, { where: { id: ids[0] } });
    const calls = (await world.legacyCalls()).map((call) => call.split(' ')[0]);
    expect(calls).toEqual(face === 'dataverse' ? ['GET', 'PATCH'] : ['GET', 'MERGE', 'GET']);
  });

  it('leaves rows out that are gone in the CRM', async () => {
    const { Organisation } = world.models;
    const ids = await five();
    const row = await Organisation.findByPk(ids[0], { skipLegacy: true });
    await world.sandbox.deleteAsLegacyUser('account', String(row?.legacyId));
    expect(await Organisation.update({ employees: 2 }, { where: { id: ids } })).toEqual([4]);
    expect(await names()).toEqual(['B', 'C', 'D', 'E']);
  });

  it('refuses rows that a skipped call left ahead', async () => {
    const { Organisation } = world.models;
    const ids = await five();
    await Organisation.skipLegacy().update({ employees: 9 }, { where: { id: ids[0] } });
    const work = Organisation.update({ telephone: '2' }, { where: { id: ids } });
    await expect(work).rejects.toThrow(NotInSyncError);
    expect(await writes()).toEqual([]);
    const row = await Organisation.findByPk(ids[0], { skipLegacy: true });
    await row?.save();
    await row?.update({ employees: 1 });
  });

  it('writes one version a changed record, in the revision of the caller', async () => {
    const { Organisation } = world.models;
    const ids = await five();
    await revision({ comment: 'in bulk' }, async () => {
      await Organisation.update({ employees: 2 }, { where: { employees: 1 } });
    });
    for (const id of ids) {
      const row = await Organisation.findByPk(id);
      const [last, ...others] = (await row?.versions()) ?? [];
      expect(others).toHaveLength(1);
      expect(last?.revision.comment).toBe('in bulk');
    }
  });

  describe('when it fails', () => {
    const expectUntouched = async (): Promise<void> => {
      const { Organisation } = world.models;
      const rows = await Organisation.skipLegacy().findAll();
      expect(rows.map(({ employees }) => employees)).toEqual([1, 1, 1, 1, 1]);
      const records = await world.sandbox.records('account');
      expect(records.map((record) => record.NumberOfEmployees)).toEqual([1, 1, 1, 1, 1]);
      for (const row of rows) expect(await row.versions()).toHaveLength(1);
      await expectNothingOpen();
    };
    const expectNothingOpen = async (): Promise<void> => {
      expect(await openIntents(world)).toEqual([]);
    };
    /** The record that is the third to be sent. */
    const third = async (): Promise<string> => {
      const rows = await world.models.Organisation.skipLegacy().findAll({ order: ['id'] });
      return String(rows[2]?.legacyId);
    };

    it('leaves no trace of a refusal', async () => {
      const { Organisation } = world.models;
      await five();
      await world.sandbox.failNext({ method, status: 400, key: await third() });
      const work = Organisation.update({ employees: 2 }, { where: { employees: 1 } });
      await expect(work).rejects.toThrow(LegacyError);
      await expectUntouched();
    });

    it('leaves no trace of a lost reply', async () => {
      const { Organisation } = world.models;
      await five();
      await world.sandbox.loseResponse({ method, key: await third() });
      const work = Organisation.update({ employees: 2 }, { where: { employees: 1 } });
      await expect(work).rejects.toThrow(LegacyError);
      await expectUntouched();
    });

    it('sends nothing when the database refuses', async () => {
      const { Organisation } = world.models;
      await five();
      const sectorId = 99;
      const work = Organisation.update({ employees: 2, sectorId }, { where: { employees: 1 } });
      await expect(work).rejects.toThrow('foreign key');
      expect(await writes()).toEqual([]);
      await expectUntouched();
    });

    it('is undone with the transaction around it', async () => {
      const { Organisation } = world.models;
      await five();
      const work = world.sequelize.transaction(async (transaction) => {
        await Organisation.update({ employees: 2 }, { where: { employees: 1 }, transaction });
        expect(await Organisation.count({ where: { employees: 2 }, transaction })).toBe(5);
        throw new Error('Not today.');
      });
      await expect(work).rejects.toThrow('Not today.');
      await expectUntouched();
    });

    it('leaves the transaction around it usable', async () => {
      const { Organisation } = world.models;
      await five();
      await world.sandbox.failNext({ method, status: 400, key: await third() });
      await world.sequelize.transaction(async (transaction) => {
        const work = Organisation.update(
          { employees: 2 },
          { where: { employees: 1 }, transaction },
        );
        await expect(work).rejects.toThrow(LegacyError);
        await Organisation.create({ name: 'Z' }, { transaction });
      });
      expect(await names()).toEqual(['A', 'B', 'C', 'D', 'E', 'Z']);
      await Organisation.destroy({ where: { name: 'Z' } });
      await expectUntouched();
    });
  });

  it('needs as many statements for 500 rows as for 10', async () => {
    const { Organisation } = world.models;
    const counts: number[] = [];
    for (const size of [10, 50, 500]) {
      const records = Array.from({ length: size }, (_, index) => ({
        Name: `N${index}`,
        NumberOfEmployees: size,
        ModifiedOn: new Date('2020-01-01T00:00:00Z'),
      }));
      await world.sandbox.load('account', records);
      await Organisation.findAll({ where: { employees: size } });
      const count = await countOwnStatements(world, () =>
        Organisation.update({ telephone: '5' }, { where: { employees: size } }),
      );
      counts.push(count);
    }
    expect(counts[1]).toBe(counts[0]);
    expect(counts[2]).toBe(counts[0]);
    expect(await Organisation.count({ where: { telephone: '5' } })).toBe(560);
  });
});
