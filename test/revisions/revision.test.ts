import { createNamespace as createClsHooked, destroyNamespace } from 'cls-hooked';
import { Sequelize } from 'sequelize';
import { createNamespace, type Namespace, useNamespace } from '../../src/model/context';
import { revision } from '../../src/revisions';
import { type Fleet, openFleet } from './fleet';
import { Ship } from './models';

interface RevisionLine {
  readonly user: string | null;
  readonly comment: string | null;
  readonly meta: unknown;
  readonly ships: string[];
}

let fleet: Fleet;
let sequelize: Sequelize;

beforeAll(async () => {
  fleet = await openFleet();
  ({ sequelize } = fleet);
});

afterAll(() => fleet.close());

beforeEach(() => sequelize.query('TRUNCATE ships, berths, record_versions, record_revisions'));

/** All revisions with the names in their versions, in the order of their first version. */
async function revisions(): Promise<RevisionLine[]> {
  const [rows] = await sequelize.query(
    `SELECT r.user_name AS user, r.comment, r.meta,
       array_agg(v."values"->>'name' ORDER BY v.id) AS ships
     FROM record_revisions r LEFT JOIN record_versions v ON v.revision_id = r.id
     GROUP BY r.id ORDER BY min(v.id)`,
    { transaction: null },
  );
  return rows as RevisionLine[];
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe.each<[string, () => Namespace, () => void]>([
  ['AsyncLocalStorage', createNamespace, () => undefined],
  ['cls-hooked', () => createClsHooked('revision-test'), () => destroyNamespace('revision-test')],
])('a block on %s', (_name, create, destroy) => {
  let release: () => void;

  beforeAll(() => {
    const namespace = create();
    release = useNamespace(namespace);
    Sequelize.useCLS(namespace);
  });

  afterAll(() => {
    (Sequelize as unknown as { _cls: unknown })._cls = undefined;
    release();
    destroy();
  });

  it('gives all its transactions one revision', async () => {
    await revision({ user: 'ann', comment: 'import', meta: { ticket: 7 } }, async () => {
      await Ship.create({ name: 'Ada' });
      await sequelize.transaction(async () => {
        await Ship.create({ name: 'Bea' });
        await Ship.create({ name: 'Cia' });
      });
    });
    await Ship.create({ name: 'Dea' });
    expect(await revisions()).toEqual([
      { user: 'ann', comment: 'import', meta: { ticket: 7 }, ships: ['Ada', 'Bea', 'Cia'] },
      { user: null, comment: null, meta: null, ships: ['Dea'] },
    ]);
  });

  it('merges the blocks inside it', async () => {
    await revision({ user: 'ann', comment: 'outer', meta: { a: 1, b: 1 } }, async () => {
      await Ship.create({ name: 'Ada' });
      await revision({ comment: 'inner', meta: { b: 2 } }, () => Ship.create({ name: 'Bea' }));
      await Ship.create({ name: 'Cia' });
    });
    expect(await revisions()).toEqual([
      { user: 'ann', comment: 'inner', meta: { a: 1, b: 2 }, ships: ['Ada', 'Bea', 'Cia'] },
    ]);
  });

  it('leaves nothing when it changes nothing, or rolls back', async () => {
    const ship = await revision({}, () => Ship.create({ name: 'Ada' }));
    await revision({ comment: 'idle' }, async () => {
      await ship.save();
      await Ship.update({ crew: 1 }, { where: { name: 'nobody' } });
    });
    const failing = revision({ comment: 'failing' }, () =>
      sequelize.transaction(async () => {
        await Ship.create({ name: 'Bea' });
        throw new Error('no');
      }),
    );
    await expect(failing).rejects.toThrow('no');
    expect((await revisions()).map(({ comment }) => comment)).toEqual([null]);
  });

  it('does not mix with another that runs at once', async () => {
    await Promise.all(
      ['ann', 'bob', 'cyd'].map((user) =>
        revision({ user }, async () => {
          await pause();
          await Ship.create({ name: `${user} 1` });
          await pause();
          await sequelize.transaction(async () => {
            await pause();
            await Ship.create({ name: `${user} 2` });
          });
        }),
      ),
    );
    const lines = (await revisions()).map(({ user, ships }) => ({ user, ships }));
    expect(lines).toHaveLength(3);
    expect(lines).toEqual(
      expect.arrayContaining(
        ['ann', 'bob', 'cyd'].map((user) => ({ user, ships: [`${user} 1`, `${user} 2`] })),
      ),
    );
  });

  it('may change many records at once in transactions of their own', async () => {
    await revision({ user: 'ann' }, () =>
      Promise.all(['Ada', 'Bea', 'Cia', 'Dea'].map((name) => Ship.create({ name }))),
    );
    const [only, ...others] = await revisions();
    expect(others).toEqual([]);
    expect(only?.ships.sort()).toEqual(['Ada', 'Bea', 'Cia', 'Dea']);
  });

  it('applies to a transaction that began before it, from there on', async () => {
    await sequelize.transaction(async () => {
      await Ship.create({ name: 'Ada' });
      await revision({ user: 'ann' }, () => Ship.create({ name: 'Bea' }));
    });
    expect(await revisions()).toMatchObject([
      { user: null, ships: ['Ada'] },
      { user: 'ann', ships: ['Bea'] },
    ]);
  });
});
