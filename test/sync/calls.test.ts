import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UnsupportedCallError } from '../../src';
import { recordStatements } from '../support/database';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { markedTable } from './calls/marked-table';
import { operatorRows } from './calls/operators';
import { readingCalls, type Call } from './calls/reading-calls';
import { setStage, type Stage } from './calls/stage';
import { writingCalls } from './calls/writing-calls';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const file = path.resolve(__dirname, '../../docs/CALLS.md');
const isUpdating = process.env.UPDATE_CALLS === '1';
const calls: readonly Call[] = [...readingCalls, ...writingCalls];

/** What a call costs on one face. */
interface Cost {
  /** `GET, 2 MERGE`, `none`, or `refused`. */
  readonly requests: string;
  readonly statements: number;
}

async function costOf(stage: Stage, call: Call): Promise<Cost> {
  const { world } = stage;
  await world.legacyCalls();
  const outcome = { isRefused: false };
  const statements = await recordStatements(world.sequelize, () =>
    call.run(stage).catch((error: unknown) => {
      if (!(error instanceof UnsupportedCallError)) throw error;
      outcome.isRefused = true;
    }),
  );
  const sent = (await world.legacyCalls()).map(verbOf);
  // The database's clock is looked at once a minute, whatever is called, and intents are removed later.
  const others = /clock_timestamp\(\) AS now|WITH ended AS/;
  const own = statements.filter((sql) => !others.test(sql));
  return { requests: outcome.isRefused ? 'refused' : grouped(sent), statements: own.length };
}

/** `GET AccountSet` is `GET`; a batch is one request, whatever is in it. */
function verbOf(request: string): string {
  const [verb = '', target] = request.split(' ');
  return target === '$batch' ? '$batch' : verb;
}

const verbs = ['GET', 'POST', 'PATCH', 'PUT', 'MERGE', 'DELETE', '$batch'];

/** `2 GET, MERGE`; in which order is not said, since some are sent side by side. */
function grouped(sent: readonly string[]): string {
  const groups = verbs.flatMap((verb) => {
    const times = sent.filter((one) => one === verb).length;
    if (times === 0) return [];
    return [times > 1 ? `${times} ${verb}` : verb];
  });
  return groups.join(', ') || 'none';
}

describe('docs/CALLS.md', () => {
  const counted = new Map<Face, Map<string, Cost>>();

  describe.each(faces)('counted on the %s face', (face) => {
    let world: DualWorld;
    beforeAll(async () => {
      world = await openDualWorld({ face, recoverEveryMs: 0 });
      const stage = await setStage(world);
      await stage.models.Organisation.create({ name: 'The first of a process asks more' });
    });
    afterAll(() => world.close());

    it.each(calls.map((call) => [call.name, call] as const))('%s', async (name, call) => {
      const cost = await costOf(await setStage(world), call);
      counted.set(face, (counted.get(face) ?? new Map<string, Cost>()).set(name, cost));
      if (isUpdating) return;
      const table = markedTable(await readFile(file, 'utf8'), 'calls');
      const row = table.rows.find(([cell]) => cell === name) ?? [];
      const [, , on2011 = '', onDataverse = '', sql = ''] = row;
      const [first = '', second = first] = sql.split(' / ');
      const is2011 = face === 'dynamics2011';
      expect(cost.requests).toBe(is2011 ? on2011 : onDataverse);
      // Questions about local rows that are asked in one tick are one statement, or two.
      const difference = cost.statements - Number(is2011 ? first : second);
      expect(Math.abs(difference)).toBeLessThanOrEqual(2);
    });
  });

  it('has a row for each call, and no other', async () => {
    const document = await readFile(file, 'utf8');
    const table = markedTable(document, 'calls');
    if (isUpdating) {
      const rows = calls.map(({ name, translated }) => {
        const [one, other] = faces.map((face) => counted.get(face)?.get(name));
        const [first, second] = [one?.statements, other?.statements].map(String);
        const sql = first === second ? first : `${first ?? ''} / ${second ?? ''}`;
        return [name, translated, one?.requests ?? '', other?.requests ?? '', sql ?? ''];
      });
      await writeFile(file, table.with(rows));
      return;
    }
    expect(table.rows.map(([name]) => name)).toEqual(calls.map(({ name }) => name));
    const translated = table.rows.map(([, cell]) => cell);
    expect(translated).toEqual(calls.map((call) => call.translated));
  });

  it('says what each dialect can be sent of each operator', async () => {
    const document = await readFile(file, 'utf8');
    const table = markedTable(document, 'operators');
    if (isUpdating) await writeFile(file, table.with(operatorRows()));
    else expect(table.rows).toEqual(operatorRows());
  });
});
