import { once } from 'node:events';
import pg from 'pg';
import { Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { defineModels } from '../../models';
import { connectLegacy, DualWriteError } from '../../src';
import { carryOutWork } from './carry-out';
import { deactivating } from './deactivating';
import { crashMigrators, defineCrashModels, type CrashModels } from './crash-models';
import { exchangesSoFar, strikeAtExchange } from './kill-point';
import { applicationName, type Orders, type Report, type Work } from './orders';

/** NOTE: writing to a pipe is synchronous, so what was reported before a kill arrives. */
function report(line: Report): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** NOTE: not with readline, whose end would be taken for the parent's. */
async function readOrders(): Promise<Orders> {
  let text = '';
  process.stdin.setEncoding('utf8');
  while (!text.endsWith('\n')) text += String(await once(process.stdin, 'data'));
  return JSON.parse(text) as Orders;
}

interface Stage {
  readonly sequelize: Sequelize;
  readonly models: CrashModels;
  readonly orders: Orders;
}

async function workIn(
  lane: number,
  calls: readonly Work[],
  { orders, ...stage }: Stage,
): Promise<void> {
  for (const [index, work] of calls.entries()) {
    report({ type: 'begun', lane, index });
    try {
      await carryOutWork(stage, work, orders);
      report({ type: 'done', lane, index });
    } catch (error) {
      const { name, message } = error as Error;
      const legacy = error instanceof DualWriteError ? { legacy: error.legacy } : {};
      report({ type: 'failed', lane, index, error: name, message, ...legacy });
    }
  }
}

/** Be an application: recover and write as ordered, and tell what became of it, until killed. */
async function main(): Promise<void> {
  // A parent that dies leaves no orphan.
  process.stdin.on('end', () => process.exit(1));
  const orders = await readOrders();
  // Sequelize warns of each connection that it gives up.
  // eslint-disable-next-line no-console -- that is where it warns
  console.warn = () => undefined;
  const { databaseUrl, legacyUrl, face, timeoutMs } = orders;
  const dialectOptions = { application_name: applicationName };
  const sequelize = new Sequelize(databaseUrl, {
    logging: false,
    dialectOptions,
    // Sequelize would look for it by name; this is one file.
    dialectModule: pg,
    pool: { max: 2 * Math.max(orders.lanes.length, 2) },
  });
  defineModels(sequelize);
  const models = defineCrashModels(sequelize);
  const client = createLegacyClient({ baseUrl: legacyUrl, dialect: face, timeoutMs });
  const mapped = crashMigrators(face);
  const migrators = orders.deactivates === true ? mapped.map(deactivating) : mapped;
  const { writes } = orders;
  const dualWrite = await connectLegacy(sequelize, {
    client,
    migrators,
    writes,
    recoverEveryMs: 0,
  });
  strikeAtExchange(orders, orders.recoveries > 0);
  for (let left = orders.recoveries; left > 0; left -= 1) {
    await dualWrite.recover().catch(() => undefined);
    report({ type: 'recovered' });
  }
  await Promise.all(
    orders.lanes.map((calls, lane) => workIn(lane, calls, { sequelize, models, orders })),
  );
  await dualWrite.close().catch(() => undefined);
  report({ type: 'end', exchanges: exchangesSoFar() });
  process.exit(0);
}

void main();
