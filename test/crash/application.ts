import { once } from 'node:events';
import { Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { migrators } from '../../migrators';
import { defineModels, type Models } from '../../models';
import { connectLegacy, DualWriteError } from '../../src';
import { dataverseMigrators } from '../support/dataverse-migrators';
import { exchangesSoFar, killAtExchange } from './kill-point';
import { applicationName, type Orders, type Report, type Work, type Write } from './orders';

/** NOTE: writing to a pipe is synchronous, so what was reported before a kill arrives. */
function report(line: Report): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function carryOut(
  { Organisation }: Models,
  write: Write,
  transaction?: object,
): Promise<void> {
  const options = { transaction } as object;
  if (write.kind === 'create') {
    const { id, name, employees } = write;
    await Organisation.create({ id, name, employees }, options);
    return;
  }
  const row = await Organisation.findByPk(write.id, {
    ...options,
    skipLegacy: true,
    rejectOnEmpty: true,
  } as { rejectOnEmpty: true });
  if (write.kind === 'update') await row.update({ employees: write.employees }, options);
  else await row.destroy(options);
}

async function carryOutAll(sequelize: Sequelize, models: Models, work: Work): Promise<void> {
  const [first, ...others] = work;
  if (others.length === 0) return carryOut(models, first);
  await sequelize.transaction(async (transaction) => {
    for (const write of work) await carryOut(models, write, transaction);
  });
}

/** NOTE: not with readline, whose end would be taken for the parent's. */
async function readOrders(): Promise<Orders> {
  let text = '';
  process.stdin.setEncoding('utf8');
  while (!text.endsWith('\n')) text += String(await once(process.stdin, 'data'));
  return JSON.parse(text) as Orders;
}

/** Be an application: write as ordered, and tell what became of it, until killed. */
async function main(): Promise<void> {
  // A parent that dies leaves no orphan.
  process.stdin.on('end', () => process.exit(1));
  const { databaseUrl, legacyUrl, face, timeoutMs, work, killAt } = await readOrders();
  const dialectOptions = { application_name: applicationName };
  const sequelize = new Sequelize(databaseUrl, { logging: false, dialectOptions });
  const models = defineModels(sequelize);
  const client = createLegacyClient({ baseUrl: legacyUrl, dialect: face, timeoutMs });
  const own = face === 'dataverse' ? dataverseMigrators : migrators;
  await connectLegacy(sequelize, { client, migrators: own, recoverEveryMs: 0 });
  killAtExchange(killAt);
  for (const [index, each] of work.entries()) {
    try {
      await carryOutAll(sequelize, models, each);
      report({ type: 'done', index });
    } catch (error) {
      const { name } = error as Error;
      const legacy = error instanceof DualWriteError ? { legacy: error.legacy } : {};
      report({ type: 'failed', index, error: name, ...legacy });
    }
  }
  report({ type: 'end', exchanges: exchangesSoFar() });
  process.exit(0);
}

void main();
