import { randomUUID } from 'node:crypto';
import type { ModelStatic } from 'sequelize';
import type { JournalEntry } from '../../legacy-client/sandbox';
import { repeat, requestsOf } from '../bare-crm';
import { compare, type Comparison, type Result, type Variant } from '../compare';
import { plainOrganisation, timestampedOrganisation, type Row } from '../plain-models';
import { faces, type Face, type Stage } from '../stage';
import { count, each, type Scenario } from './scenario';

const saves = 10;

/**
 * What a CRM takes for each request beside the sandbox's own time: nothing, what one in the same
 * building takes, and what one takes that is reached over a longer way.
 */
const latenciesMs = [0, 20, 50];

/**
 * Writes to both sides, against bare requests and a plain save in a transaction; and the same with a
 * save that writes a version, as the application does when the library has left.
 */
export const bothSidesSaves: Scenario = {
  name: 'saves',
  run: async (stage) => {
    const results: Result[] = [];
    for (const face of faces) {
      await stage.connect(face);
      await stage.fill(3 * saves);
      await stage.models.Organisation.findAll();
      for (const work of [await updates(stage, face), await creates(stage, face)]) {
        for (const latencyMs of latenciesMs) {
          results.push(await compare(comparison(stage, work, latencyMs)));
        }
      }
    }
    return results;
  },
};

interface Work {
  readonly title: string;
  readonly requests: readonly JournalEntry[];
  readonly bare: Variant['run'];
  readonly withVersions: Variant['run'];
  readonly synced: Variant['run'];
}

function comparison({ sandbox }: Stage, work: Work, latencyMs: number): Comparison {
  const { title, requests, bare, withVersions, synced } = work;
  const times = requests.length * saves;
  const before = async (): Promise<void> => {
    if (latencyMs > 0) await sandbox.delayNext({ delayMs: latencyMs, times });
  };
  const methods = requests.map(({ method }) => method).join(', ');
  const latency = latencyMs === 0 ? '' : `, ${latencyMs} ms a request`;
  return {
    title: `${title} (${methods} each)${latency}`,
    rounds: latencyMs === 0 ? 9 : 5,
    goals: [{ variant: 'synced save', atMost: 1.2 }],
    variants: [
      { name: 'bare requests, and plain save', before, run: bare },
      { name: 'synced save', before, run: synced },
      { name: 'bare requests, and save with a version', before, run: withVersions },
    ],
  };
}

async function updates(stage: Stage, face: Face): Promise<Work> {
  const { Organisation } = stage.models;
  const rows = await Organisation.findAll({ order: ['id'] });
  const synced = rows.splice(0, saves);
  const take = (model: ModelStatic<Row>): Promise<Row[]> =>
    model.findAll({ where: { id: rows.splice(0, saves).map(({ id }) => id) } });
  const plain = await take(plainOrganisation(stage.sequelize));
  const timestamped = await take(timestampedOrganisation(stage.sequelize));
  const [one] = synced;
  if (!one?.legacyId) throw new Error('There is nothing to save.');
  const key = one.legacyId;
  const requests = await requestsOf(stage, () => one.update({ name: 'Fictional First Edition' }));
  let edition = 0;
  const next = (): string => `Fictional Edition ${(edition += 1)}`;
  const bare = (row: Row): Promise<void> =>
    stage.sequelize.transaction(async (transaction) => {
      await row.set('name', next()).save({ transaction });
      await repeat(stage, face, { requests, key, as: String(row.legacyId) });
    });
  return {
    title: `update of ${saves} rows, ${face}`,
    requests,
    bare: () => each(plain, bare),
    withVersions: () => each(timestamped, bare),
    synced: () => each(synced, (row) => row.update({ name: next() })),
  };
}

async function creates(stage: Stage, face: Face): Promise<Work> {
  const { Organisation } = stage.models;
  const values = { name: 'Fictional Newcomer', employees: 12, isUk: true };
  let key = '';
  const requests = await requestsOf(stage, async () => {
    key = String((await Organisation.create(values)).legacyId);
  });
  const plain = plainOrganisation(stage.sequelize);
  const timestamped = timestampedOrganisation(stage.sequelize);
  const bare = (model: ModelStatic<Row>): Promise<void> =>
    stage.sequelize.transaction(async (transaction) => {
      const legacyId = randomUUID();
      await model.create({ ...values, legacyId }, { transaction });
      await repeat(stage, face, { requests, key, as: legacyId });
    });
  return {
    title: `create of ${saves} rows, ${face}`,
    requests,
    bare: () => each(count(saves), () => bare(plain)),
    withVersions: () => each(count(saves), () => bare(timestamped)),
    synced: () => each(count(saves), () => Organisation.create(values)),
  };
}
