import { RejectedRecordError } from '../../src';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe.each(['immediate', 'changeset'] as const)(
  "a trigger that keeps a row as it is, writes: '%s'",
  (writes) => {
    let world: DualWorld;

    beforeAll(async () => {
      world = await openDualWorld({ face: 'dataverse', recoverEveryMs: 0, writes });
      await world.sequelize.query(`
CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keeper BEFORE UPDATE ON organisations FOR EACH ROW
  WHEN (NEW.name = 'Kept out' OR NEW.legacy_version IS DISTINCT FROM OLD.legacy_version AND NEW.employees = 13)
  EXECUTE FUNCTION keep_row()`);
    });
    beforeEach(() => world.reset());
    afterAll(() => world.close());

    const errorOf = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'none',
        (error: unknown) => error,
      );
    const accounts = async (): Promise<unknown[]> =>
      (await world.sandbox.records('account')).map((record) => [
        record.Name,
        record.NumberOfEmployees,
      ]);

    it.each([{ name: 'Kept out' }, { employees: 13 }])('says so: update of %o', async (values) => {
      const { Organisation } = world.models;
      const row = await Organisation.create({ name: 'A', employees: 1 });
      const error = await errorOf(row.update(values));
      expect(error).toBeInstanceOf(RejectedRecordError);
      expect(String(error)).toContain('keeps its row as it is without an error, as a trigger');
      expect(await accounts()).toEqual([['A', 1]]);
    });

    it('says so: create', async () => {
      const { Organisation } = world.models;
      const error = await errorOf(Organisation.create({ name: 'A', employees: 13 }));
      expect(error).toBeInstanceOf(RejectedRecordError);
      expect(String(error)).toContain('keeps its row as it is without an error, as a trigger');
      expect(await accounts()).toEqual([]);
    });

    it('says so: bulk', async () => {
      const { Organisation } = world.models;
      await Organisation.bulkCreate([{ name: 'A' }, { name: 'B' }]);
      const error = await errorOf(Organisation.update({ employees: 13 }, { where: {} }));
      expect(error).toBeInstanceOf(RejectedRecordError);
      expect(String(error)).toContain('keeps its row as it is without an error, as a trigger');
      expect((await accounts()).sort()).toEqual([
        ['A', null],
        ['B', null],
      ]);
    });
  },
);
