import { openDualWorld, type DualWorld, type Face, type WorldOptions } from '../support/dual-world';
import { crashMigrators, defineCrashModels, type CrashModels } from './crash-models';
import { watchChanges } from './oracle';

/** A world of the models that crashes concern. */
export interface CrashWorld extends DualWorld {
  readonly face: Face;
  readonly crashModels: CrashModels;
}

/** Tables of the records that calls change, and their models. */
const watched = {
  organisations: 'Organisation',
  contacts: 'Contact',
  errands: 'Errand',
  sector_links: 'SectorLink',
} as const;

/** Open a world in which processes can be killed; the caller closes it. */
export async function openCrashWorld(
  face: Face,
  options: Omit<WorldOptions, 'face' | 'remap'> = {},
): Promise<CrashWorld> {
  let crashModels: CrashModels | undefined;
  const world = await openDualWorld({
    face,
    recoverEveryMs: 0,
    // A handful of records is soon half of a table.
    limits: { maxRemovalShare: 1 },
    ...options,
    remap: (migrators) => {
      const sequelize = migrators[0]?.model.sequelize;
      if (!sequelize) throw new Error('The models come first.');
      crashModels = defineCrashModels(sequelize);
      return crashMigrators(face);
    },
  });
  if (!crashModels) throw new Error('The mappings are asked for at once.');
  const { Errand, SectorLink } = crashModels;
  await Errand.sync();
  await SectorLink.sync();
  await watchChanges(world, watched);
  return { ...world, face, crashModels, reset: () => reset(world) };
}

/** Empty everything but the sectors, open intents too. */
async function reset(world: DualWorld): Promise<void> {
  await world.sandbox.reset();
  await world.sequelize.query(
    `TRUNCATE ${Object.keys(watched).join(', ')}, sectors, contact_orders, orders,
     dual_write_intents, dual_write_done, committed_changes, dual_write_known, dual_write_rejected,
     dual_write_feeds, dual_write_lacking, record_revisions, record_versions RESTART IDENTITY CASCADE`,
  );
}
