import type { DualWorld, Face } from '../support/dual-world';
import { oneOf, type Random } from './random';

type FaultOf = (world: DualWorld, method: string) => Promise<void>;

/** How late something may arrive, in milliseconds: later than the caller waits. */
export const lateMs = 900;

/** How long the caller waits. */
export const timeoutMs = 700;

/** What the CRM may do to a request, by the names under which it is counted. */
const faults = {
  'reply lost': ({ sandbox }, method) => sandbox.loseResponse({ method }),
  'body truncated': ({ sandbox }, method) => sandbox.truncate({ method }),
  '5xx after applying': ({ sandbox }, method) =>
    sandbox.failNext({ method, status: 500, afterApplying: true }),
  '5xx page after applying': ({ sandbox }, method) =>
    sandbox.failNext({ method, status: 502, form: 'html', afterApplying: true }),
  '5xx not applied': ({ sandbox }, method) => sandbox.failNext({ method, status: 503 }),
  refused: ({ sandbox }, method) => sandbox.failNext({ method, status: 400 }),
  'reset before': ({ sandbox }, method) => sandbox.failNext({ method, form: 'drop' }),
  'reset after applying': ({ sandbox }, method) =>
    sandbox.failNext({ method, form: 'drop', afterApplying: true }),
  'login page': ({ sandbox }) => sandbox.expireLogin({ page: true }),
  'login asked for': ({ sandbox }) => sandbox.expireLogin(),
  throttled: ({ sandbox }, method) => sandbox.throttle({ method, retryAfterSeconds: 0 }),
  'late arrival': ({ sandbox }, method) =>
    sandbox.delayNext({ method, delayMs: lateMs, when: 'before' }),
} satisfies Record<string, FaultOf>;

/** The name of a fault. */
export type FaultName = keyof typeof faults;

/** All of them. */
export const faultNames = Object.keys(faults) as [FaultName, ...FaultName[]];

const methods: Readonly<Record<Face, readonly [string, ...string[]]>> = {
  dynamics2011: ['POST', 'MERGE', 'DELETE', 'GET'],
  dataverse: ['PATCH', 'BATCH', 'POST', 'DELETE', 'GET'],
};

/** Have the CRM do this to the next request of a method. */
export async function setFault(world: DualWorld, name: FaultName, method: string): Promise<void> {
  await faults[name](world, method);
}

/** Have the CRM do something, by chance, to a request of some method. */
export async function setRandomFault(
  world: DualWorld,
  face: Face,
  random: Random,
): Promise<FaultName> {
  const name = oneOf(random, faultNames);
  await setFault(world, name, oneOf(random, methods[face]));
  return name;
}
