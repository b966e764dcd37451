import type { Model, Transaction } from 'sequelize';
import { SyncError } from '../../src';
import { UnitOfWork, type Participant } from '../../src/model/unit-of-work';
import { openDualWorld, type DualWorld } from '../support/dual-world';

/** What a call came to: `done`, or the name of its error. */
type Outcome = string;

const phases = ['complete', 'flush', 'deliver'] as const;
const calls = ['create', 'update', 'destroy', 'bulk update', 'bulk destroy'] as const;

describe.each(['immediate', 'changeset'] as const)(
  "writes that nobody has awaited, writes: '%s'",
  (writes) => {
    let world: DualWorld;

    beforeAll(async () => {
      world = await openDualWorld({ face: 'dataverse', recoverEveryMs: 0, writes });
    });
    beforeEach(() => world.reset());
    afterEach(async () => {
      for (const name of ['afterUpdate', 'afterCreate']) {
        world.models.Organisation.removeHook(name as never, 'late');
      }
      expect(await world.sandbox.pendingFaults()).toEqual([]);
    });
    afterAll(() => world.close());

    /** The rows, which the CRM must have, too, with the last of their versions. */
    const both = async (): Promise<unknown[]> => {
      const { Organisation } = world.models;
      const rows = await Organisation.skipLegacy().findAll({ order: ['name'] });
      const here = rows.map(({ name, employees }) => [name, employees]);
      const records = await world.sandbox.records('account');
      const there = records.map(({ Name, NumberOfEmployees }) => [Name, NumberOfEmployees ?? null]);
      expect(there.sort()).toEqual(here);
      for (const row of rows) {
        const [last] = await row.versions();
        expect([last?.values.name, last?.values.employees]).toEqual([row.name, row.employees]);
      }
      return here;
    };
    const notes = async (): Promise<unknown> => {
      const [[row]] = (await world.sequelize.query(
        `SELECT count(*)::int AS count FROM dual_write_intents i
          WHERE NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`,
      )) as unknown as [[{ count: number }]];
      return row.count;
    };
    const call = async (name: string, row: Model, transaction: Transaction): Promise<unknown> => {
      const { Organisation } = world.models;
      const options = { transaction };
      const where = { name: 'Late' };
      const ways: Record<string, () => Promise<unknown>> = {
        create: () => Organisation.create({ name: 'New', employees: 2 }, options),
        update: () => row.update({ employees: 2 }, options),
        destroy: () => row.destroy(options),
        'bulk update': () => Organisation.update({ employees: 2 }, { ...options, where }),
        'bulk destroy': () => Organisation.destroy({ ...options, where }),
      };
      return ways[name]?.();
    };
    const outcomeOf = (promise: Promise<unknown>): Promise<Outcome> =>
      promise.then(
        () => 'done',
        (error: unknown) => (error instanceof SyncError ? 'SyncError' : String(error)),
      );
    const done: Record<string, unknown[]> = {
      create: [
        ['First', 2],
        ['Late', 1],
        ['New', 2],
      ],
      update: [
        ['First', 2],
        ['Late', 2],
      ],
      destroy: [['First', 2]],
    };
    const undone = [
      ['First', 2],
      ['Late', 1],
    ];

    const cases = phases.flatMap((phase) => calls.map((name) => [phase, name] as const));
    it.each(cases)('are whole or refused when they begin at %s: %s', async (phase, name) => {
      const { Organisation } = world.models;
      const first = await Organisation.create({ name: 'First', employees: 1 });
      const row = await Organisation.create({ name: 'Late', employees: 1 });
      let late: Promise<Outcome> | undefined;
      await world.sequelize.transaction(async (transaction) => {
        await first.update({ employees: 2 }, { transaction });
        const begin: Participant[typeof phase] = async () => {
          late ??= outcomeOf(call(name, row, transaction));
          await new Promise((resolve) => setTimeout(resolve, 20));
        };
        UnitOfWork.of(transaction).enlist({}, () => ({ [phase]: begin }));
      });
      const outcome = await late;
      expect(outcome).toBe(phase === 'complete' ? 'done' : 'SyncError');
      const kind = name.split(' ').at(-1) ?? '';
      expect(await both()).toEqual(outcome === 'done' ? done[kind] : undone);
      expect(await notes()).toBe(0);
    });

    it.each(calls)('are waited for when they begin before COMMIT is called: %s', async (name) => {
      const { Organisation } = world.models;
      const late = await Organisation.create({ name: 'Late', employees: 1 });
      const begun: Promise<Outcome>[] = [];
      await world.sequelize.transaction(async (transaction) => {
        await Organisation.create({ name: 'First', employees: 2 }, { transaction });
        const partial = await Organisation.findOne({
          where: { name: 'Late' },
          attributes: ['id', 'employees'],
          freshness: 'local',
          transaction,
        });
        const ways: Record<string, () => Promise<unknown> | undefined> = {
          create: () => Organisation.create({ name: 'New', employees: 2 }, { transaction }),
          update: () => partial?.update({ employees: 2 }, { transaction }),
          destroy: () => partial?.destroy({ transaction }),
          'bulk update': () =>
            Organisation.update({ employees: 2 }, { where: { id: late.id }, transaction }),
          'bulk destroy': () => Organisation.destroy({ where: { id: late.id }, transaction }),
        };
        begun.push(outcomeOf(Promise.resolve(ways[name]?.())));
      });
      expect(await Promise.all(begun)).toEqual(['done']);
      expect(await both()).toEqual(done[name.split(' ').at(-1) ?? '']);
      expect(await notes()).toBe(0);
    });

    it('are refused when they begin after the end', async () => {
      const { Organisation } = world.models;
      const row = await Organisation.create({ name: 'Late', employees: 1 });
      for (const end of ['commit', 'rollback'] as const) {
        const transaction = await world.sequelize.transaction();
        await row.reload({ transaction });
        await Organisation.create({ name: 'First', employees: 2 }, { transaction });
        await Organisation.destroy({ where: { name: 'First' }, transaction });
        await transaction[end]();
        for (const name of calls) {
          expect(await outcomeOf(call(name, row, transaction))).toBe('SyncError');
        }
      }
      expect(await both()).toEqual([['Late', 1]]);
    });

    it('are waited for when a hook begins them, and the call that ran it has ended', async () => {
      const { Organisation } = world.models;
      const first = await Organisation.create({ name: 'First', employees: 1 });
      const other = await Organisation.create({ name: 'Late', employees: 1 });
      const begun: Promise<Outcome>[] = [];
      Organisation.addHook('afterUpdate', 'late', (row, { transaction }: never) => {
        if (row !== (first as never)) return;
        const pause = new Promise((resolve) => setTimeout(resolve, 30));
        begun.push(outcomeOf(pause.then(() => other.update({ employees: 2 }, { transaction }))));
      });
      const slow = writes === 'changeset' ? 'BATCH' : 'PATCH';
      await world.sandbox.delayNext({ method: slow, delayMs: 150 });
      await world.sequelize.transaction(async (transaction) => {
        await first.update({ employees: 2 }, { transaction });
        await new Promise((resolve) => setTimeout(resolve, 60));
      });
      expect(await Promise.all(begun)).toEqual(['done']);
      expect(await both()).toEqual(done.update);
    });

    it('are waited for, or refused, when the transaction is rolled back', async () => {
      const { Organisation } = world.models;
      const row = await Organisation.create({ name: 'Late', employees: 1 });
      await Organisation.findByPk(row.id);
      const begun: Promise<Outcome>[] = [];
      const work = world.sequelize.transaction(async (transaction) => {
        await Organisation.create({ name: 'First', employees: 2 }, { transaction });
        if (writes === 'immediate')
          await world.sandbox.delayNext({ method: 'PATCH', delayMs: 150 });
        begun.push(outcomeOf(row.update({ employees: 2 }, { transaction })));
        begun.push(outcomeOf(Organisation.create({ name: 'Queued' }, { transaction })));
        await new Promise((resolve) => setTimeout(resolve, 60));
        throw new Error('Changed my mind');
      });
      await expect(work).rejects.toThrow('Changed my mind');
      const [first, queued] = await Promise.all(begun);
      expect(first).toBe('done');
      expect(queued).toBe(writes === 'immediate' ? 'SyncError' : 'done');
      expect(await both()).toEqual([['Late', 1]]);
      expect(await row.versions()).toHaveLength(1);
      const stored = await Organisation.skipLegacy().findByPk(row.id, { rejectOnEmpty: true });
      expect(stored.modifiedAt).toEqual(stored.legacyModifiedAt);
      expect(await notes()).toBe(0);
    });

    it('are waited for when their savepoint is rolled back', async () => {
      const { Organisation } = world.models;
      const row = await Organisation.create({ name: 'Late', employees: 1 });
      const begun: Promise<Outcome>[] = [];
      await world.sequelize.transaction(async (transaction) => {
        await Organisation.create({ name: 'First', employees: 2 }, { transaction });
        if (writes === 'immediate')
          await world.sandbox.delayNext({ method: 'PATCH', delayMs: 150 });
        const inner = world.sequelize.transaction({ transaction }, async (savepoint) => {
          begun.push(outcomeOf(row.update({ employees: 2 }, { transaction: savepoint })));
          await new Promise((resolve) => setTimeout(resolve, 60));
          throw new Error('Changed my mind');
        });
        await expect(inner).rejects.toThrow('Changed my mind');
      });
      expect(await Promise.all(begun)).toEqual(['done']);
      expect(await both()).toEqual(undone);
      expect(await row.versions()).toHaveLength(1);
      expect(await notes()).toBe(0);
    });

    it('make COMMIT fail when their outcome is not known', async () => {
      const { Organisation } = world.models;
      const row = await Organisation.create({ name: 'Late', employees: 1 });
      await world.sandbox.loseResponse({ method: writes === 'changeset' ? 'BATCH' : 'PATCH' });
      const begun: Promise<Outcome>[] = [];
      const work = world.sequelize.transaction(async (transaction) => {
        await Organisation.count({ transaction });
        begun.push(outcomeOf(row.update({ employees: 2 }, { transaction })));
        if (writes === 'changeset') await Organisation.create({ name: 'Other' }, { transaction });
      });
      await expect(work).rejects.toThrow();
      await Promise.all(begun);
      expect(await both()).toEqual([['Late', 1]]);
    });
  },
);
