import { QueryTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { isOpen } from '../../src/sync/open-intents';
import { recordStatements } from './database';
import type { DualWorld } from './dual-world';

/** Expect that a model's rows have the CRM's records, are in step, and that nothing is under way. */
export async function expectAgreement(
  world: DualWorld,
  model: ModelStatic<Model>,
  logicalName: string,
): Promise<void> {
  const rows = await model.unscoped().findAll({ skipLegacy: true });
  const keys = rows.map((row) => row.get('legacyId')).sort();
  const records = await world.sandbox.records(logicalName);
  const recordKeys = records.map((record) => keyOf(record, logicalName)).sort();
  expect(keys).toEqual(recordKeys);
  for (const row of rows) expect(row.get('modifiedAt')).toEqual(row.get('legacyModifiedAt'));
  expect(await openIntents(world)).toEqual([]);
}

/** The writes that are noted, and that no commit has ended. */
export async function openIntents({
  sequelize,
}: {
  readonly sequelize: Sequelize;
}): Promise<readonly object[]> {
  return sequelize.query(`SELECT * FROM dual_write_intents i WHERE ${isOpen}`, {
    type: QueryTypes.SELECT,
  });
}

function keyOf(record: Readonly<Record<string, unknown>>, logicalName: string): unknown {
  const name = Object.keys(record).find((key) => key.toLowerCase() === `${logicalName}id`);
  return name && record[name];
}

/** Count the statements of a call; the database's clock is looked at once a minute, whatever is called. */
export async function countOwnStatements(
  { sequelize, dualWrite }: DualWorld,
  work: () => Promise<unknown>,
): Promise<number> {
  // What earlier calls have left is removed when they are over.
  await dualWrite.recover();
  const statements = await recordStatements(sequelize, work);
  return statements.filter((sql) => !sql.includes('clock_timestamp() AS now')).length;
}
