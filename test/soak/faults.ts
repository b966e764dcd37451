import type { Sandbox } from '../../legacy-client/sandbox';
import type { Random } from '../crash/random';

type FaultOf = (sandbox: Sandbox, target: { readonly method: string }) => Promise<void>;

const faults: readonly FaultOf[] = [
  (sandbox, target) => sandbox.loseResponse(target),
  (sandbox, target) => sandbox.truncate(target),
  (sandbox, target) => sandbox.failNext({ ...target, status: 500, afterApplying: true }),
  (sandbox, target) => sandbox.failNext({ ...target, status: 503 }),
  (sandbox, target) => sandbox.failNext({ ...target, status: 400 }),
  (sandbox, target) => sandbox.failNext({ ...target, form: 'drop' }),
  (sandbox, target) => sandbox.failNext({ ...target, form: 'drop', afterApplying: true }),
  (sandbox, target) => sandbox.throttle({ ...target, retryAfterSeconds: 0 }),
  (sandbox, target) => sandbox.throttle({ ...target, retryAfterSeconds: 1 }),
  (sandbox, target) => sandbox.delayNext({ ...target, delayMs: 300, when: 'before' }),
  (sandbox, target) => sandbox.delayNext({ ...target, delayMs: 300, when: 'after' }),
  (sandbox) => sandbox.expireLogin(),
  (sandbox) => sandbox.expireLogin({ page: true }),
];

const methods = {
  dynamics2011: ['POST', 'MERGE', 'MERGE', 'DELETE', 'GET'],
  dataverse: ['PATCH', 'PATCH', 'PATCH', 'DELETE', 'GET'],
} as const;

/** Have the CRM do something wrong to one of the next requests. */
export async function setAnyFault(
  sandbox: Sandbox,
  face: keyof typeof methods,
  random: Random,
): Promise<void> {
  const method = methods[face][random(5)] ?? 'GET';
  await faults[random(faults.length)]?.(sandbox, { method });
}
