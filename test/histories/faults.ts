import type { Sandbox } from '../../legacy-client/sandbox';
import type { Faults } from '../../legacy-client/sandbox/faults';
import type { FaultPlan } from './commands';
import { methodOf, type Stage } from './stage';

/** How long a late request is held up: for longer than its sender waits. */
export const lateMs = 2600;

/** Have the CRM do something wrong. */
// eslint-disable-next-line complexity -- one line for each fault
export async function setFault(stage: Stage, { kind, method, times }: FaultPlan): Promise<void> {
  const { sandbox } = stage.world;
  const target = { method: methodOf(stage.face, method), times };
  stage.tally.faults += 1;
  switch (kind) {
    case 'lost':
      return sandbox.loseResponse(target);
    case 'truncated':
      return sandbox.truncate(target);
    case 'failed after':
      return sandbox.failNext({ ...target, status: 500, afterApplying: true });
    case 'refused':
      return sandbox.failNext({ ...target, status: 400 });
    case 'unavailable':
      return sandbox.failNext({ ...target, status: 503 });
    case 'dropped':
      return sandbox.failNext({ ...target, form: 'drop' });
    case 'dropped after':
      return sandbox.failNext({ ...target, form: 'drop', afterApplying: true });
    case 'login page':
      return sandbox.expireLogin({ page: true, times });
    case 'unauthorized':
      return sandbox.expireLogin({ times });
    case 'throttled':
      return sandbox.throttle({ ...target, retryAfterSeconds: times > 2 ? 1 : 0 });
    case 'late':
      return sandbox.delayNext({ ...target, times: 1, delayMs: lateMs, when: 'before' });
  }
}

/** Take back what has not struck. */
export function clearFaults(sandbox: Sandbox): void {
  (sandbox as unknown as { parts: { faults: Faults } }).parts.faults.clear();
}
