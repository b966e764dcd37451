import type { Sequelize, Transaction } from 'sequelize';
import { UnitOfWork } from '../../src/model/unit-of-work';
import { connectRevisions, noteChange, prepareRevisions, revision } from '../../src/revisions';
import {
  countStatements,
  createTestDatabase,
  openSequelize,
  recordStatements,
  type TestDatabase,
} from '../support/database';
import { Berth, initModels, Sailor, Ship } from './models';

let database: TestDatabase;
let sequelize: Sequelize;
let other: Sequelize;
let disconnect: () => void;

beforeAll(async () => {
  database = await createTestDatabase();
  sequelize = openSequelize(database);
  other = openSequelize(database);
  initModels(sequelize);
  await sequelize.sync();
  await Promise.all([prepareRevisions(sequelize), prepareRevisions(other)]);
  await prepareRevisions(sequelize);
  disconnect = connectRevisions(sequelize);
});

afterAll(async () => {
  await Promise.all([sequelize.close(), other.close()]);
  await database.drop();
});

beforeEach(() =>
  sequelize.query('TRUNCATE ships, sailors, berths, record_versions, record_revisions CASCADE'),
);

async function allVersions(): Promise<string[]> {
  const [rows] = await sequelize.query(
    `SELECT coalesce(r.comment, '-') || ' ' || v.kind || ' ' ||
       coalesce(v."values"->>'name', v."values"->>'fullName') || ' ' ||
       coalesce(v."values"->>'crew', '-') AS line
     FROM record_versions v LEFT JOIN record_revisions r ON r.id = v.revision_id ORDER BY v.id`,
  );
  return (rows as { line: string }[]).map(({ line }) => line);
}

const insertRaw = (transaction: Transaction, id: string, name: string): Promise<unknown> =>
  (transaction as Transaction & { sequelize: Sequelize }).sequelize.query(
    `INSERT INTO ships (id, name, created_at, modified_at) VALUES ($1, $2, now(), now())
     ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`,
    { bind: [id, name], transaction },
  );

const key = '5b1e1f0a-0000-4000-8000-000000000001';

describe('one unit of work', () => {
  it('leaves one version of a record, its last state', async () => {
    await sequelize.transaction(async (transaction) => {
      const ship = await Ship.create({ name: 'Ada' }, { transaction });
      await ship.update({ crew: 1 }, { transaction });
      await Ship.increment('crew', { where: { id: ship.id }, transaction });
    });
    await sequelize.transaction(async (transaction) => {
      await Ship.update({ crew: 5 }, { where: {}, transaction });
      await Ship.update({ crew: 6 }, { where: {}, transaction });
      await sequelize.query('UPDATE ships SET crew = 7', { transaction });
    });
    expect(await allVersions()).toEqual(['- created Ada 2', '- updated Ada 7']);
  });

  it('leaves nothing of a record created and deleted in it', async () => {
    await sequelize.transaction(async (transaction) => {
      const ship = await Ship.create({ name: 'Ada' }, { transaction });
      await ship.destroy({ transaction });
    });
    expect(await allVersions()).toEqual([]);
  });

  it('sees a record deleted and created again as updated', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    await sequelize.transaction(async (transaction) => {
      await ship.destroy({ transaction });
      await Ship.create({ id: ship.id.toUpperCase(), name: 'Bea' }, { transaction });
    });
    expect(await allVersions()).toEqual(['- created Ada -', '- updated Bea -']);
  });

  it('keeps the last of several deletions', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    await sequelize.transaction(async (transaction) => {
      await ship.destroy({ transaction });
      const again = await Ship.create({ id: ship.id, name: 'Bea' }, { transaction });
      await again.destroy({ transaction });
    });
    expect(await allVersions()).toEqual(['- created Ada -', '- deleted Bea -']);
  });

  it('does not believe in a deletion that a hook has narrowed', async () => {
    await Ship.bulkCreate([{ name: 'Ada' }, { name: 'Bea' }]);
    Ship.addHook('beforeBulkDestroy', 'narrow', (options) => {
      (options.where as Record<string, unknown>).name = 'Ada';
    });
    try {
      expect(await Ship.destroy({ where: {} })).toBe(1);
    } finally {
      Ship.removeHook('beforeBulkDestroy', 'narrow');
    }
    expect(await allVersions()).toEqual(['- created Ada -', '- created Bea -', '- deleted Ada -']);
  });

  it('soft-deletes what it created, and keeps that', async () => {
    await sequelize.transaction(async (transaction) => {
      const dan = await Sailor.create({ fullName: 'Dan' }, { transaction });
      await dan.destroy({ transaction });
    });
    expect(await allVersions()).toEqual(['- deleted Dan -']);
  });

  it('forgets what a savepoint takes back', async () => {
    const kept = await Ship.create({ name: 'Kay', crew: 1 });
    const gone = await Ship.create({ name: 'Gil', crew: 1 });
    await sequelize.transaction(async (transaction) => {
      await Ship.create({ name: 'Ada' }, { transaction });
      const savepoint = await sequelize.transaction({ transaction });
      await Ship.create({ name: 'Bea' }, { transaction: savepoint });
      await kept.increment('crew', { transaction });
      await gone.destroy({ transaction: savepoint });
      await savepoint.rollback();
      await sequelize.transaction({ transaction }, async (released) => {
        await Ship.create({ name: 'Cia' }, { transaction: released });
      });
    });
    expect((await allVersions()).slice(2)).toEqual(['- created Ada -', '- created Cia -']);
  });

  it('belongs to the last revision when a savepoint has taken back a later one', async () => {
    await sequelize.transaction(async (transaction) => {
      const ship = await revision({ comment: 'first' }, () =>
        Ship.create({ name: 'Ada' }, { transaction }),
      );
      const savepoint = await sequelize.transaction({ transaction });
      await revision({ comment: 'second' }, () =>
        ship.increment('crew', { transaction: savepoint }),
      );
      await savepoint.rollback();
    });
    expect(await allVersions()).toEqual(['first created Ada -']);
  });

  it('writes what other participants change at the end', async () => {
    await sequelize.transaction(async (transaction) => {
      const ship = await Ship.create({ name: 'Ada' }, { transaction });
      UnitOfWork.of(transaction).enlist({}, () => ({
        complete: async () => {
          await ship.update({ crew: 2 }, { transaction });
        },
        deliver: async () => {
          await sequelize.query('UPDATE ships SET crew = 3', { transaction });
          const keys = [{ id: ship.id }];
          await noteChange(transaction, { model: Ship, kind: 'updated', keys });
        },
      }));
    });
    expect(await allVersions()).toEqual(['- created Ada 2', '- updated Ada 3']);
  });

  it('leaves nothing when it is rolled back, by a refused COMMIT too', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await sequelize.query(
      `ALTER TABLE ships ADD CONSTRAINT owner FOREIGN KEY (owner_id) REFERENCES ships
       DEFERRABLE INITIALLY DEFERRED`,
    );
    await expect(Ship.create({ name: 'Ada', ownerId: key })).rejects.toThrow(/foreign key/);
    await sequelize.query('ALTER TABLE ships DROP CONSTRAINT owner');
    expect(await allVersions()).toEqual([]);
    warn.mockRestore();
  });

  it('notes links whose parents are deleted by the database under their own model only', async () => {
    const ship = await Ship.create({ name: 'Ada' });
    const dan = await Sailor.create({ fullName: 'Dan' });
    await Berth.create({ shipId: ship.id, sailorId: dan.id });
    await ship.destroy();
    expect((await Ship.deletedVersions()).length).toBe(1);
    expect(await Berth.deletedVersions()).toEqual([]);
  });
});

describe('writes that nobody has awaited', () => {
  const begin = (transaction: Transaction, row: Ship): Promise<PromiseSettledResult<unknown>[]> =>
    Promise.allSettled([
      row.update({ crew: 2 }, { transaction }),
      Ship.create({ name: 'Bea' }, { transaction }),
      Ship.update({ crew: 3 }, { where: { name: 'Cid' }, transaction }),
    ]);

  it('have their versions when COMMIT was called after them', async () => {
    const row = await Ship.create({ name: 'Ada', crew: 1 });
    await Ship.create({ name: 'Cid', crew: 1 });
    let late: ReturnType<typeof begin> | undefined;
    await sequelize.transaction((transaction) => {
      late = begin(transaction, row);
      return Promise.resolve();
    });
    expect((await late)?.map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
    expect((await allVersions()).sort()).toEqual([
      '- created Ada 1',
      '- created Bea -',
      '- created Cid 1',
      '- updated Ada 2',
      '- updated Cid 3',
    ]);
  });

  it('are refused when they begin at COMMIT', async () => {
    const row = await Ship.create({ name: 'Ada', crew: 1 });
    let late: ReturnType<typeof begin> | undefined;
    await sequelize.transaction(async (transaction) => {
      await Ship.create({ name: 'Dot' }, { transaction });
      const flush = async (): Promise<void> => {
        late = begin(transaction, row);
        await Promise.resolve();
      };
      UnitOfWork.of(transaction).enlist({}, () => ({ flush }));
    });
    const reasons = (await late)?.map((one) => one.status === 'rejected' && String(one.reason));
    expect(reasons).toEqual(Array(3).fill(expect.stringContaining('being ended')));
    expect(await allVersions()).toEqual(['- created Ada 1', '- created Dot -']);
    await row.reload();
    expect(row.crew).toBe(1);
  });
});

describe('the number of statements', () => {
  it.each([1, 300])('does not depend on the number of rows: %i', async (rows) => {
    const ships = Array.from({ length: rows }, (_, index) => ({ name: `Ship ${index}` }));
    const created = await recordStatements(sequelize, () => Ship.bulkCreate(ships));
    // BEGIN, INSERT, versions with their revision, COMMIT
    expect(created).toHaveLength(4);
    await expect(
      countStatements(sequelize, () => Ship.update({ crew: 1 }, { where: {} })),
    ).resolves.toBe(4);
    // BEGIN, keys, versions, DELETE, versions of rows still there, revision, COMMIT
    await expect(countStatements(sequelize, () => Ship.destroy({ where: {} }))).resolves.toBe(7);
    expect(await allVersions()).toHaveLength(3 * rows);
  });

  it("is Sequelize's own without revisions", async () => {
    disconnect();
    try {
      const ship = Ship.build({ name: 'Ada' });
      await expect(countStatements(sequelize, () => ship.save())).resolves.toBe(1);
      await expect(countStatements(sequelize, () => ship.save())).resolves.toBe(0);
      await expect(countStatements(sequelize, () => ship.destroy())).resolves.toBe(1);
      await expect(ship.versions()).rejects.toThrow(/Ship has no versions.*connectRevisions/);
      await expect(Ship.deletedVersions()).rejects.toThrow(/connectRevisions/);
    } finally {
      disconnect = connectRevisions(sequelize);
    }
    expect(() => connectRevisions(sequelize)).toThrow(/noted already/);
    expect(await allVersions()).toEqual([]);
  });
});

describe('changes noted by hand', () => {
  const change = { model: Ship, keys: [{ id: key }] } as const;

  it('belong to the block, on a transaction of another Sequelize instance too', async () => {
    await revision({ comment: 'by hand' }, () =>
      other.transaction(async (transaction) => {
        await insertRaw(transaction, key, 'Ada');
        await noteChange(transaction, { ...change, kind: 'created' });
      }),
    );
    expect(await allVersions()).toEqual(['by hand created Ada -']);
  });

  it('are written at once under a revision of their own', async () => {
    const legacy = { comment: 'legacy refresh' };
    await revision({ comment: 'by user' }, () =>
      sequelize.transaction(async (transaction) => {
        await insertRaw(transaction, key, 'Ada');
        await noteChange(transaction, { ...change, kind: 'created', revision: legacy });
        await Ship.update({ name: 'Bea' }, { where: { id: key }, transaction });
      }),
    );
    await sequelize.transaction(async (transaction) => {
      await noteChange(transaction, { ...change, kind: 'deleted', revision: legacy });
      await sequelize.query('DELETE FROM ships', { transaction });
    });
    expect(await allVersions()).toEqual([
      'legacy refresh created Ada -',
      'by user updated Bea -',
      'legacy refresh deleted Bea -',
    ]);
  });

  it('go with the savepoint that they were made in', async () => {
    await sequelize.transaction(async (transaction) => {
      const savepoint = await sequelize.transaction({ transaction });
      await insertRaw(savepoint, key, 'Ada');
      await noteChange(savepoint, { ...change, kind: 'created', revision: { comment: 'lost' } });
      await savepoint.rollback();
    });
    expect(await allVersions()).toEqual([]);
    const [rows] = await sequelize.query('SELECT * FROM record_revisions');
    expect(rows).toEqual([]);
  });

  it('leave nothing of rows that the transaction has not written', async () => {
    await sequelize.transaction((transaction) => insertRaw(transaction, key, 'Ada'));
    await sequelize.transaction((transaction) =>
      noteChange(transaction, { ...change, kind: 'updated' }),
    );
    expect(await allVersions()).toEqual([]);
  });
});
