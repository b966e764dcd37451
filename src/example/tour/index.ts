import type { Sandbox } from '../../../legacy-client/sandbox';
import { migrators } from '../../../migrators';
import type { ApplicationDatabase } from '../database';
import { sampleRecords } from '../sample-records';
import { type Comparison, compareSides } from './comparison';
import { loadEverything } from './first-load';
import { tellLeaving } from './leaving';
import { Narrator } from './narrator';
import { openPlainSql } from './plain-sql';
import { type Stage, tablesOf } from './stage';
import { tellStory } from './story';

/** Where the tour takes place: both sides are up and joined. */
export interface Tour {
  readonly database: ApplicationDatabase;
  readonly databaseUrl: string;
  readonly sandbox: Sandbox;
  readonly print: (line: string) => void;
  /** How many are invented; by default {@link sampleRecords}'s number. */
  readonly organisations?: number;
}

const shownDifferences = 5;

/**
 * Fill the CRM with invented records, bring them over, tell what happens on both sides at each kind of
 * call, and compare both sides record by record.
 *
 * @returns whether they are equal.
 * @throws Error when the database holds records already: the tour writes, and compares all.
 */
export async function takeTour(tour: Tour): Promise<boolean> {
  const { database, sandbox } = tour;
  const sql = await openPlainSql(tour.databaseUrl);
  try {
    const narrator = new Narrator(tour.print);
    const stage: Stage = { ...database, sandbox, sql, narrator };
    await requireEmptyTables(stage);
    narrator.line('The tour: one application, PostgreSQL here, a CRM of the year 2011 there.');
    for (const { logicalName, records } of sampleRecords(tour.organisations))
      await sandbox.load(logicalName, records);
    await loadEverything(stage);
    await tellStory(stage);
    narrator.chapter('Both sides, compared record by record without the library');
    const areEqual = report(narrator, await compareSides(sql, sandbox, migrators));
    await tellLeaving(narrator);
    return areEqual;
  } finally {
    await sql.close();
  }
}

async function requireEmptyTables({ sql, models }: Stage): Promise<void> {
  for (const table of tablesOf(models)) {
    if ((await sql.rows(table)).length === 0) continue;
    throw new Error(
      `The table ${table} holds records, and the tour needs a database of its own. ` +
        'Unset DATABASE_URL, and it starts one, or name an empty database.',
    );
  }
}

function report(narrator: Narrator, comparisons: readonly Comparison[]): boolean {
  for (const { model, legacyCount, localCount, differences } of comparisons) {
    const counts = `${String(legacyCount).padStart(5)} there ${String(localCount).padStart(5)} here`;
    const verdict = differences.length === 0 ? 'equal' : `${differences.length} differences`;
    narrator.say(model, `${counts}   ${verdict}`);
    for (const difference of differences.slice(0, shownDifferences)) narrator.say('', difference);
  }
  return comparisons.every(({ differences }) => differences.length === 0);
}
