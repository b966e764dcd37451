import { Op } from 'sequelize';
import type { JournalPart } from '../../legacy-client/sandbox';
import { openDualWorld, type DualWorld, type WorldOptions } from './dual-world';

/** A world on the Dataverse face whose writes wait for COMMIT, with what its tests ask. */
export interface ChangesetWorld extends DualWorld {
  /** The requests since the last call of this, without their entity sets: `GET`, `BATCH`. */
  verbs(): Promise<string[]>;
  /** What the changesets since the last call of this held: `PATCH accounts`. */
  parts(): Promise<JournalPart[]>;
  /** The names of the organisations on both sides, which must be the same. */
  names(): Promise<string[]>;
  /** How many writes are open. */
  notes(): Promise<number>;
}

/** Open one; the caller closes it. */
export async function openChangesetWorld(options: WorldOptions = {}): Promise<ChangesetWorld> {
  const world = await openDualWorld({
    ...{ face: 'dataverse', recoverEveryMs: 0, writes: 'changeset', timeoutMs: 1500 },
    ...options,
  });
  const { sandbox, sequelize, models } = world;
  return {
    ...world,
    reset: async () => {
      await sequelize.query('TRUNCATE dual_write_intents, dual_write_done');
      await world.reset();
    },
    verbs: async () => (await world.legacyCalls()).map((call) => call.split(' ')[0] ?? ''),
    parts: async () => {
      const entries = await sandbox.journal();
      await sandbox.clearJournal();
      return entries.flatMap(({ parts }) => parts ?? []);
    },
    names: async () => {
      const rows = await models.Organisation.skipLegacy().findAll({
        where: { legacyId: { [Op.ne]: null } },
      });
      const here = rows.map(({ name }) => name).sort();
      const there = (await sandbox.records('account')).map(({ Name }) => String(Name)).sort();
      expect(there).toEqual(here);
      return here;
    },
    notes: async () => {
      // Those of committed writes are removed a moment later.
      const [row] = (await sequelize.query(
        `SELECT count(*)::int AS count FROM dual_write_intents i
          WHERE NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`,
      )) as unknown as [[{ count: number }]];
      return row[0].count;
    },
  };
}
