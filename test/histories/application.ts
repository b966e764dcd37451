import './install-clock';
import { createInterface } from 'node:readline';
import { connectModels, type Application } from './connected-models';
import { arm, countExchanges, disarm } from './mishaps';
import type { Order, Report } from './orders';
import { performCall } from './perform-call';
import { performRead } from './perform-read';
import { setClock } from './set-clock';
import { told } from './told';

let application: Application | undefined;

/** NOTE: writing to a pipe is synchronous, so what was reported before a kill arrives. */
function report(line: Report): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function carryOut(order: Order): Promise<Report> {
  if (order.do === 'set clock') {
    setClock(order.offsetMs);
    return { type: 'done' };
  }
  if (order.do === 'connect') {
    await application?.close();
    setClock(0);
    application = await connectModels(order.connection);
    return { type: 'done' };
  }
  if (!application) throw new Error('Not connected.');
  arm(order);
  try {
    if (order.do === 'call') return await performCall(application, order.call);
    if (order.do === 'read') return await performRead(application, order.read);
    await application.dualWrite.recover();
    return { type: 'done' };
  } finally {
    disarm();
  }
}

async function obey(line: string): Promise<void> {
  try {
    report(await carryOut(JSON.parse(line) as Order));
  } catch (error) {
    report({ type: 'failed', error: (error as Error).name, message: told(error) });
  }
}

/** Be an application: carry out one order after the other, until killed. */
function main(): void {
  countExchanges();
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void obey(line));
  // A parent that dies leaves no orphan.
  lines.on('close', () => process.exit(0));
}

main();
