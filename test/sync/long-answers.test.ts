import { randomUUID } from 'node:crypto';
import { QueryTypes } from 'sequelize';
import { openDualWorld, type DualWorld } from '../support/dual-world';

/** Answers of many pages are stored while they arrive, whatever their length. */
describe('an answer of many pages', () => {
  let world: DualWorld;
  const size = 2300;
  const pages = size / 50;

  beforeAll(async () => {
    world = await openDualWorld();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const rowsHere = async (): Promise<number> => {
    const [row] = await world.sequelize.query<{ rows: number }>(
      'SELECT count(*)::integer AS rows FROM organisations',
      { type: QueryTypes.SELECT },
    );
    return row?.rows ?? 0;
  };
  /** Records that refer to others, far away in the answer, and some to one that it lacks. */
  const load = async (more: (index: number) => object): Promise<string[]> => {
    const keys = Array.from({ length: size }, () => randomUUID() as string);
    await world.sandbox.load(
      'account',
      keys.map((AccountId, index) => ({
        ...{ AccountId, Name: `Fictional ${index}`, NumberOfEmployees: 5 },
        ...more(index),
      })),
    );
    return keys;
  };

  it('is stored while its next pages are fetched', async () => {
    await load(() => ({}));
    await world.legacyCalls();
    const seen = new Set<number>();
    let isOver = false;
    const watch = async (): Promise<void> => {
      while (!isOver) {
        seen.add(await rowsHere());
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const watching = watch();
    expect(await world.models.Organisation.count()).toBe(size);
    isOver = true;
    await watching;
    expect([...seen].some((rows) => rows > 0 && rows < size)).toBe(true);
    expect(await world.legacyCalls()).toHaveLength(pages);
  });

  it('asks for no parents that come on later pages, and for the others once', async () => {
    const { Organisation } = world.models;
    const outside = randomUUID();
    const keys: string[] = Array.from({ length: size }, () => randomUUID());
    await world.sandbox.load('account', [{ AccountId: outside, Name: 'Outside' }]);
    await world.sandbox.load(
      'account',
      keys.map((AccountId, index) => ({
        ...{ AccountId, Name: `Fictional ${index}`, NumberOfEmployees: 5 },
        ParentAccountId: index % 7 === 0 ? outside : (keys[size - 1 - index] ?? null),
      })),
    );
    await world.legacyCalls();
    expect(await Organisation.count({ where: { employees: 5 } })).toBe(size);
    expect(await world.legacyCalls()).toHaveLength(pages + 1);
    const rows = await Organisation.skipLegacy().findAll();
    const keyOf = new Map(rows.map(({ id, legacyId }) => [id, legacyId]));
    const parents = new Map(rows.map((row) => [row.legacyId, keyOf.get(row.parentId ?? '')]));
    for (const [index, key] of keys.entries()) {
      expect(parents.get(key)).toBe(index % 7 === 0 ? outside : keys[size - 1 - index]);
    }
  });

  it('takes over changes of every page, one version each', async () => {
    const { Organisation } = world.models;
    const keys = await load(() => ({}));
    await Organisation.count();
    await world.sandbox.reset();
    await world.sandbox.load(
      'account',
      keys.map((AccountId, index) => ({ AccountId, Name: `Changed ${index}` })),
    );
    const found = await Organisation.findAll();
    expect(found.filter(({ name }) => name.startsWith('Changed'))).toHaveLength(size);
    expect(found.every(({ employees }) => employees === null)).toBe(true);
    const [versions] = await world.sequelize.query(
      `SELECT count(*)::integer AS versions, count(DISTINCT record_key)::integer AS records
         FROM record_versions v JOIN record_revisions r ON r.id = v.revision_id
        WHERE v.kind = 'updated' AND r.comment = 'legacy refresh'
          AND v."values"->>'name' LIKE 'Changed %'`,
      { type: QueryTypes.SELECT },
    );
    expect(versions).toEqual({ versions: size, records: size });
  });
});
