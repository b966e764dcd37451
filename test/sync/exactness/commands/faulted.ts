import type { Sandbox } from '../../../../legacy-client/sandbox';
import type { Faults } from '../../../../legacy-client/sandbox/faults';
import { openIntents } from './perform-write';
import type { Stage } from '../stage';

/** A fault that strikes the next request of its method, if there is one. */
export interface FaultPlan {
  readonly method: 'GET' | 'create' | 'update' | 'DELETE';
  readonly kind:
    | 'refused'
    | 'forbidden'
    | 'plugIn'
    | 'unavailable'
    | 'page'
    | 'throttled'
    | 'dropped'
    | 'lost'
    | 'cut'
    | 'failedAfter';
}

const methods = {
  dynamics2011: { GET: 'GET', create: 'POST', update: 'MERGE', DELETE: 'DELETE' },
  dataverse: { GET: 'GET', create: 'PATCH', update: 'PATCH', DELETE: 'DELETE' },
} as const;

/** Set a fault. */
export async function setFault(stage: Stage, { method, kind }: FaultPlan): Promise<void> {
  const { sandbox } = stage.world;
  const target = { method: methods[stage.face][method] };
  stage.tally.faults += 1;
  switch (kind) {
    case 'refused':
      return sandbox.failNext({ ...target, status: 400 });
    case 'forbidden':
      return sandbox.failNext({ ...target, status: 403 });
    case 'plugIn':
      return sandbox.failNext({ ...target, status: 500 });
    case 'unavailable':
      return sandbox.failNext({ ...target, status: 503 });
    case 'page':
      return sandbox.failNext({ ...target, status: 502, form: 'html' });
    case 'throttled':
      return sandbox.throttle({ ...target, retryAfterSeconds: 0 });
    case 'dropped':
      return sandbox.failNext({ ...target, form: 'drop' });
    case 'lost':
      return sandbox.loseResponse(target);
    case 'cut':
      return sandbox.truncate(target);
    case 'failedAfter':
      return sandbox.failNext({ ...target, status: 500, afterApplying: true });
  }
}

/** Take back what has not struck. */
export function clearFaults(sandbox: Sandbox): void {
  (sandbox as unknown as { parts: { faults: Faults } }).parts.faults.clear();
}

/** Have recovery settle what is in doubt, as when time has passed; the library's own clock is the database's. */
export async function settle(stage: Stage): Promise<void> {
  const { dualWrite, sequelize } = stage.world;
  for (let round = 0; round < 5 && (await openIntents(stage)) > 0; round += 1) {
    await sequelize.query(`UPDATE dual_write_intents SET noted_at = noted_at - interval '1 day'`);
    await dualWrite.recover();
  }
}
