import { getPages, requestsOf } from '../bare-crm';
import { compare, type Result, type Variant } from '../compare';
import { plainOrganisation } from '../plain-models';
import { faces, type Face, type Stage } from '../stage';
import { each, type Scenario } from './scenario';

const rowCount = 1000;

/** What a CRM takes for each request beside the sandbox's own time. */
const latencyMs = 20;

const goals = [{ variant: 'synced findAll', atMost: 1.15 }];

/** A read of rows that nobody has changed, against the least that any way to answer it must do. */
export const unchangedRows: Scenario = {
  name: 'unchanged-rows',
  run: async (stage) => {
    const results: Result[] = [];
    for (const face of faces) results.push(...(await onFace(stage, face)));
    return results;
  },
};

async function onFace(stage: Stage, face: Face): Promise<Result[]> {
  const { Organisation } = stage.models;
  await stage.connect(face);
  await stage.fill(rowCount);
  await Organisation.findAll();
  const requests = await requestsOf(stage, () => Organisation.findAll());
  const [first] = requests;
  if (!first) throw new Error('A synced read has sent no request.');
  const plain = plainOrganisation(stage.sequelize);
  const pages = requests.length === 1 ? '1 page' : `${requests.length} pages`;
  const title = `findAll of ${rowCount} unchanged rows, ${face} (${pages})`;
  const get = (): Promise<unknown> => getPages(stage, face, first);
  const both = async (): Promise<unknown> => [await get(), await plain.findAll()];
  const variant = (name: string, work: () => Promise<unknown>): Variant => ({
    name,
    run: () => each([work], (only) => only()),
  });
  const bare = variant('bare GETs, and plain findAll', both);
  const synced = variant('synced findAll', () => Organisation.findAll());
  const delay = { delayMs: latencyMs, times: requests.length };
  const before = (): Promise<void> => stage.sandbox.delayNext(delay);
  return [
    await compare({
      title,
      rounds: 15,
      goals,
      variants: [bare, synced, variant('bare GETs alone', get)],
    }),
    await compare({
      title: `${title}, ${latencyMs} ms a request`,
      rounds: 7,
      goals,
      variants: [bare, synced].map((one) => ({ ...one, before })),
    }),
  ];
}
