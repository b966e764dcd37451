import { getPages, requestsOf } from '../bare-crm';
import { compare, type Result } from '../compare';
import { plainOrganisation } from '../plain-models';
import { faces, type Face, type Stage } from '../stage';
import type { Scenario } from './scenario';

const rowCount = 1000;

/** A read of rows that nobody has changed, against the least that any way to answer it must do. */
export const unchangedRows: Scenario = {
  name: 'unchanged-rows',
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
  await Organisation.findAll();
  const requests = await requestsOf(stage, () => Organisation.findAll());
  const [first] = requests;
  if (!first) throw new Error('A synced read has sent no request.');
  const plain = plainOrganisation(stage.sequelize);
  const pages = requests.length === 1 ? '1 page' : `${requests.length} pages`;
  return compare({
    title: `findAll of ${rowCount} unchanged rows, ${face} (${pages})`,
    rounds: 15,
    goals: [{ variant: 'synced findAll', atMost: 1.15 }],
    variants: [
      {
        name: 'bare GETs, and plain findAll',
        run: async () => {
          await getPages(stage, face, first);
          await plain.findAll();
          return undefined;
        },
      },
      {
        name: 'synced findAll',
        run: async () => {
          await Organisation.findAll();
          return undefined;
        },
      },
      {
        name: 'bare GETs alone',
        run: async () => {
          await getPages(stage, face, first);
          return undefined;
        },
      },
    ],
  });
}
