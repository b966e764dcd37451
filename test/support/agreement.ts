import type { Model, ModelStatic } from 'sequelize';
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
  const [open] = await world.sequelize.query('SELECT * FROM dual_write_intents');
  expect(open).toEqual([]);
}

function keyOf(record: Readonly<Record<string, unknown>>, logicalName: string): unknown {
  const name = Object.keys(record).find((key) => key.toLowerCase() === `${logicalName}id`);
  return name && record[name];
}

/** Count the statements of a call; the database's clock is looked at once a minute, whatever is called. */
export async function countOwnStatements(
  { sequelize }: DualWorld,
  work: () => Promise<unknown>,
): Promise<number> {
  const statements = await recordStatements(sequelize, work);
  return statements.filter((sql) => !sql.includes('clock_timestamp() AS now')).length;
}
