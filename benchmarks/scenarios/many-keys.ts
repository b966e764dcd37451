import { repeat, requestsOf } from '../bare-crm';
import { compare, type Result } from '../compare';
import { plainOrganisation } from '../plain-models';
import { faces, type Face, type Stage } from '../stage';
import type { Scenario } from './scenario';

const rowCount = 1000;

/** How many bare requests are under way at a time. */
const lanes = 8;

/** As many rows read by key in one tick, against a GET and a plain read for each. */
export const manyKeys: Scenario = {
  name: 'many-keys',
  run: async (stage) => {
    const results: Result[] = [];
    for (const face of faces) results.push(await onFace(stage, face));
    return results;
  },
};

async function onFace(stage: Stage, face: Face): Promise<Result> {
  const { Organisation } = stage.models;
  await stage.connect(face);
  await stage.fill(rowCount);
  const rows = await Organisation.findAll();
  const [one] = rows;
  if (!one?.legacyId) throw new Error('There is nothing to read.');
  const key = one.legacyId;
  const requests = await requestsOf(stage, () => Organisation.findByPk(one.id));
  const plain = plainOrganisation(stage.sequelize);
  const atOnce = (): Promise<unknown> =>
    Promise.all(rows.map(({ id }) => Organisation.findByPk(id)));
  const sent = await requestsOf(stage, atOnce);
  const inLanes = async (work: (row: (typeof rows)[number]) => Promise<unknown>): Promise<void> => {
    const left = [...rows];
    const lane = async (): Promise<void> => {
      for (let row = left.pop(); row; row = left.pop()) await work(row);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  };
  return compare({
    title: `${rowCount} findByPk at once, ${face} (${sent.length} requests)`,
    rounds: 5,
    goals: [{ variant: 'synced findByPk', atMost: 1 }],
    variants: [
      {
        name: `${rowCount} bare GETs, and plain findByPk`,
        run: async () => {
          await inLanes(({ legacyId }) =>
            repeat(stage, face, { requests, key, as: String(legacyId) }),
          );
          await Promise.all(rows.map(({ id }) => plain.findByPk(id)));
          return undefined;
        },
      },
      {
        name: 'synced findByPk',
        run: async () => {
          await atOnce();
          return undefined;
        },
      },
    ],
  });
}
