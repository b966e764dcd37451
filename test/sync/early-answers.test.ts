import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { Op } from 'sequelize';
import { field, type MigratorDefinition } from '../../src';
import { isSameDecimal } from '../../src/sync/refresh/decimals';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { recordStatements } from '../support/database';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const stamp = new Date('2026-03-01T10:00:00Z');

/** What is sent to PostgreSQL, without the look at its clock that there is once a minute. */
async function statementsOf(world: DualWorld, work: () => Promise<unknown>): Promise<string[]> {
  const all = await recordStatements(world.sequelize, work);
  return all.filter((one) => !one.startsWith('SELECT clock_timestamp()'));
}

/** What is read while the legacy system is answering is the answer only where all of it agrees. */
describe.each(faces)('rows that are read while the %s face answers', (face) => {
  let world: DualWorld;
  let keys: string[];

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(async () => {
    await world.reset();
    keys = Array.from({ length: 4 }, () => randomUUID());
    await world.sandbox.load(
      'account',
      keys.map((AccountId, index) => ({
        ...{ AccountId, Name: `Fictional ${index}`, ModifiedOn: stamp },
        ...{ NumberOfEmployees: 5, Revenue: '12.5', optevia_Rating: '3.1416' },
        ...{ optevia_FoundedOn: '1998-03-21', optevia_LastVerified: stamp },
        ...{ optevia_ukorganisation: index % 2 === 0, Description: index === 0 ? null : 'D' },
      })),
    );
    await world.models.Organisation.findAll();
  });
  afterAll(() => world.close());

  const names = async (): Promise<string[]> =>
    (await world.models.Organisation.findAll()).map(({ name }) => name).sort();
  const raw = (sql: string, bind: unknown[] = []): Promise<unknown> =>
    world.sequelize.query(sql, { bind });
  /** Do something after the early rows were read and before the service answers. */
  const meanwhile = async <T>(read: () => Promise<T>, act: () => Promise<unknown>): Promise<T> => {
    await world.sandbox.clearJournal();
    await world.sandbox.delayNext({ delayMs: 250, times: 1 });
    const answer = read();
    await new Promise((resolve) => setTimeout(resolve, 120));
    await act();
    return answer;
  };
  const isReadOnly = (statements: readonly string[]): boolean =>
    statements.every((one) => !/INSERT|UPDATE |DELETE/.test(one));

  it('are the answer when nothing has changed, by two statements', async () => {
    const { Organisation } = world.models;
    const statements = await statementsOf(world, async () => {
      expect(await names()).toHaveLength(4);
    });
    expect(statements).toHaveLength(2);
    expect(isReadOnly(statements)).toBe(true);
    const page = await statementsOf(world, async () => {
      const found = await Organisation.findAll({ limit: 2, order: [['createdAt', 'ASC']] });
      expect(found).toHaveLength(2);
    });
    expect(isReadOnly(page)).toBe(true);
  });

  it('are not the answer when contents have changed without their stamp', async () => {
    await world.sandbox.reset();
    await world.sandbox.load(
      'account',
      keys.map((AccountId) => ({ AccountId, Name: 'Changed', ModifiedOn: stamp })),
    );
    expect(await names()).toEqual(Array.from({ length: 4 }, () => 'Changed'));
  });

  it('are not the answer when a row was changed past the library, before or meanwhile', async () => {
    const forge = (): Promise<unknown> =>
      raw('UPDATE organisations SET name = $1 WHERE legacy_id = $2', ['Forged', keys[1]]);
    await forge();
    expect(await names()).not.toContain('Forged');
    expect(await meanwhile(names, forge)).toEqual([0, 1, 2, 3].map((nth) => `Fictional ${nth}`));
    // Another record has changed, so the rows are read again: what was forged is not believed then.
    const both = async (): Promise<void> => {
      await forge();
      await world.sandbox.editAsLegacyUser('account', String(keys[2]), { Name: 'Changed' });
    };
    expect(await meanwhile(names, both)).not.toContain('Forged');
    await world.sandbox.editAsLegacyUser('account', String(keys[2]), { Name: 'Changed again' });
    const after = await meanwhile(names, forge);
    expect(after).toEqual(['Changed again', 'Fictional 0', 'Fictional 1', 'Fictional 3']);
  });

  it('leave nothing out that was made not to match meanwhile', async () => {
    const { Organisation } = world.models;
    await world.sandbox.editAsLegacyUser('account', String(keys[2]), { Name: 'Changed' });
    const found = await meanwhile(
      () => Organisation.findAll({ where: { employees: { [Op.lt]: 6 } } }),
      () => raw('UPDATE organisations SET employees = 60 WHERE legacy_id = $1', [keys[1]]),
    );
    expect(found.map(({ legacyId }) => legacyId).sort()).toEqual([...keys].sort());
  });

  it('are not the answer when a record has gone, or has come', async () => {
    await world.sandbox.deleteAsLegacyUser('account', String(keys[3]));
    expect(await names()).toHaveLength(3);
    await world.sandbox.createAsLegacyUser('account', { Name: 'New' });
    expect(await names()).toContain('New');
  });

  it('leave tombstones and rejections of records that are there to the refresh', async () => {
    const [one, two] = keys;
    await raw(`UPDATE dual_write_known SET gone = true WHERE legacy_id = $1`, [one]);
    await raw(
      `INSERT INTO dual_write_rejected (model, legacy_id, reason) VALUES ('Organisation', $1, 'x')`,
      [two],
    );
    expect(await names()).toHaveLength(4);
    const [left] = await world.sequelize.query(
      `SELECT legacy_id FROM dual_write_known WHERE gone
       UNION ALL SELECT legacy_id FROM dual_write_rejected`,
    );
    expect(left).toEqual([]);
  });

  it('compare what foreign keys refer to', async () => {
    const { Organisation } = world.models;
    const sectors = [randomUUID(), randomUUID()];
    await world.sandbox.load(
      'optevia_sector',
      sectors.map((key, nth) => ({ optevia_sectorId: key, optevia_name: `Sector ${nth}` })),
    );
    const sectorOf = async (): Promise<string | undefined> =>
      (await Organisation.findOne({ where: { legacyId: keys[0] }, include: ['sector'] }))?.sector
        ?.name;
    const edit = (key: string | null | undefined): Promise<unknown> =>
      world.sandbox.editAsLegacyUser('account', String(keys[0]), { optevia_Sector: key ?? null });
    for (const nth of [0, 1]) {
      await edit(sectors[nth]);
      expect(await sectorOf()).toBe(`Sector ${nth}`);
    }
    const read = await statementsOf(world, sectorOf);
    expect(isReadOnly(read)).toBe(true);
    await raw(
      'UPDATE organisations SET sector_id = (SELECT min(id) FROM sectors) WHERE legacy_id = $1',
      [keys[0]],
    );
    expect(await sectorOf()).toBe('Sector 1');
    const swap = `UPDATE sectors SET legacy_id = CASE legacy_id WHEN $1 THEN $2::uuid ELSE $1::uuid END`;
    await raw(`ALTER TABLE sectors DROP CONSTRAINT IF EXISTS sectors_legacy_id_key`);
    await raw(swap, sectors);
    const row = await Organisation.findOne({ where: { legacyId: keys[0] } });
    const target = await world.models.Sector.skipLegacy().findByPk(row?.sectorId ?? 0);
    expect(target?.legacyId).toBe(sectors[1]);
    await raw(swap, sectors);
    await raw('ALTER TABLE sectors ADD CONSTRAINT sectors_legacy_id_key UNIQUE (legacy_id)');
    await edit(null);
    expect(await sectorOf()).toBeUndefined();
  });

  it('agree where a column rounds', async () => {
    const { Organisation } = world.models;
    await world.sandbox.load('account', [
      { AccountId: randomUUID(), Name: 'R', Revenue: '7.1250', optevia_Rating: '-2.00005' },
    ]);
    const row = (await Organisation.findAll()).find(({ name }) => name === 'R');
    expect([row?.revenue, row?.rating]).toEqual(['7.13', '-2.0001']);
    const statements = await statementsOf(world, () => Organisation.findAll());
    expect(statements).toHaveLength(2);
  });

  it('run each hook of a read once, on what is up to date', async () => {
    const { Organisation } = world.models;
    const shown: string[][] = [];
    Organisation.addHook('afterFind', 'shown', (rows) => {
      shown.push((rows as unknown as { name: string }[]).map(({ name }) => name).sort());
    });
    await world.sandbox.editAsLegacyUser('account', String(keys[0]), { Name: 'Changed' });
    await Organisation.findAll();
    await Organisation.findAll();
    Organisation.removeHook('afterFind', 'shown');
    const expected = ['Changed', 'Fictional 1', 'Fictional 2', 'Fictional 3'];
    expect(shown).toEqual([expected, expected]);
  });

  it('are never read for a lock, and not in a transaction', async () => {
    const { Organisation } = world.models;
    await world.sequelize.transaction(async (transaction) => {
      await world.sandbox.editAsLegacyUser('account', String(keys[0]), { Name: 'Changed' });
      const statements = await statementsOf(world, async () => {
        const rows = await Organisation.findAll({ transaction, lock: true });
        expect(rows.map(({ name }) => name)).toContain('Changed');
      });
      const locking = statements.filter((one) => /FOR UPDATE;?$/.test(one));
      expect(locking).toHaveLength(1);
    });
  });

  it('leave rows with local changes to the check', async () => {
    const { Organisation } = world.models;
    const [row] = await Organisation.findAll();
    await row?.set({ name: 'Ahead' }).save({ skipLegacy: true });
    await expect(Organisation.findAll()).rejects.toThrow('ahead');
    await row?.reload({ skipLegacy: true });
  });
});

describe('a mapping of its own', () => {
  const remapped = (change: (definition: MigratorDefinition) => Partial<MigratorDefinition>) =>
    openDualWorld({
      remap: (migrators) =>
        migrators.map((migrator) => {
          const { model, definition } = migrator;
          if (model.name !== 'Organisation') return migrator;
          return { model, definition: { ...definition, ...change(definition) } };
        }),
    });

  it('is asked about the columns of its hook, too', async () => {
    const world = await remapped(() => ({
      fromLegacy: (record) => ({ internalNote: `from ${String(record.values.Name)}` }),
    }));
    try {
      const { Organisation } = world.models;
      const note = async (): Promise<string | null | undefined> =>
        (await Organisation.findAll())[0]?.internalNote;
      await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'A' }]);
      expect(await note()).toBe('from A');
      expect(await statementsOf(world, note)).toHaveLength(2);
      await world.sequelize.query(`UPDATE organisations SET internal_note = 'forged'`);
      expect(await note()).toBe('from A');
    } finally {
      await world.close();
    }
  });

  it('agrees where a null is kept as an empty text', async () => {
    const world = await remapped(({ fields }) => ({
      fields: { ...fields, name: field.string('AccountNumber') },
    }));
    try {
      const { Organisation } = world.models;
      await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'A' }]);
      expect((await Organisation.findAll())[0]?.name).toBe('');
      const statements = await statementsOf(world, () => Organisation.findAll());
      expect(statements).toHaveLength(2);
    } finally {
      await world.close();
    }
  });
});

describe('decimals', () => {
  it('agree exactly when PostgreSQL keeps them as one', async () => {
    const world = await openDualWorld();
    const decimal = fc
      .tuple(fc.constantFrom('', '-'), fc.nat(99), fc.option(fc.nat(99_999)))
      .map(([sign, whole, part]) => `${sign}${whole}${part === null ? '' : `.${part}`}`);
    try {
      await fc.assert(
        fc.asyncProperty(decimal, decimal, fc.nat(3), async (one, other, scale) => {
          const [[row]] = (await world.sequelize.query(
            `SELECT one::text, other::text, given = one AS same, given = other AS "sameAsOther"
               FROM (SELECT $1::numeric(10,${scale}) AS one, $2::numeric(10,${scale}) AS other,
                            $1::numeric(10,${scale}) AS given) AS t`,
            { bind: [one, other] },
          )) as [[{ one: string; other: string; sameAsOther: boolean }], unknown];
          expect(isSameDecimal(row.one, one, scale)).toBe(true);
          expect(isSameDecimal(row.other, one, scale)).toBe(row.sameAsOther);
        }),
        { numRuns: 300 },
      );
    } finally {
      await world.close();
    }
  });
});
