import { once } from 'node:events';
import { LegacyError } from '../../legacy-client';
import { DualWriteError, InDoubtError } from '../../src';
import { type End, now, type Operation, type Value } from './history';
import type { Line, Orders } from './orders';

/** NOTE: writing to a pipe is synchronous, so what was begun before a kill is known. */
function tell(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

let number = 0;

function outcomeOf(operation: Operation, error: unknown): End['outcome'] {
  // Deletes that were carried out are completed, whatever their caller was told.
  if (operation.do === 'remove') return isRefused(error) ? 'failed' : 'unknown';
  if (error instanceof InDoubtError) return 'unknown';
  if (error instanceof DualWriteError) return error.legacy === 'undone' ? 'failed' : 'unknown';
  return 'failed';
}

function isRefused(error: unknown): boolean {
  return error instanceof LegacyError && error.outcome === 'refused';
}

/** Carry out an operation, and tell when it begins, when it ends, and what it has shown. */
export async function operate(
  operation: Operation,
  work: () => Promise<Readonly<Record<string, Value>> | undefined>,
): Promise<void> {
  number += 1;
  const begun = { number, operation, begunAt: now() };
  tell(begun);
  try {
    const shown = await work();
    tell({ ...begun, end: { at: now(), outcome: 'done', ...(shown && { shown }) } });
  } catch (error) {
    const { name, message } = error as Error;
    const end = { outcome: outcomeOf(operation, error), error: `${name}: ${message}` };
    tell({ ...begun, end: { at: now(), ...end } });
  }
}

let isEnough = false;

/** What the parent wants. NOTE: not with readline, whose end would be taken for the parent's. */
export async function readOrders(): Promise<Orders> {
  let text = '';
  process.stdin.setEncoding('utf8');
  while (!text.includes('\n')) text += String(await once(process.stdin, 'data'));
  const [orders = '', more] = text.split('\n');
  isEnough = more !== '';
  return JSON.parse(orders) as Orders;
}

/** Go on until the parent says that it is enough, or dies. */
export async function untilTold(step: () => Promise<void>): Promise<void> {
  process.stdin.on('data', () => {
    isEnough = true;
  });
  // A parent that dies leaves no orphan.
  process.stdin.on('end', () => process.exit(1));
  while (!isEnough) await step();
}
