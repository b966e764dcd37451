import type { FailNext, FaultTarget } from './control';
import { findEntity, type EntityModels } from './entity-model';
import { parseGuid } from './guid';

/** What a fault does to the requests that it strikes. */
export type FaultAction =
  | { readonly type: 'fail'; readonly answer: FailNext }
  | { readonly type: 'delay'; readonly delayMs: number; readonly when: 'before' | 'after' }
  | { readonly type: 'loseResponse' }
  | { readonly type: 'truncate' }
  | { readonly type: 'throttle'; readonly retryAfterSeconds: number }
  | { readonly type: 'expireLogin'; readonly page: boolean };

/** What of a request decides whether a fault strikes it. */
export interface FaultCandidate {
  /** The logical operation. */
  readonly method: string;
  /** As in the URL. */
  readonly entitySet: string;
  readonly key: string | null;
  /** The requests of a batch. */
  readonly parts?: readonly FaultCandidate[];
}

/** What a fault does to one request of a batch. */
export type PartFault = Extract<FaultAction, { type: 'fail' | 'throttle' }>;

/** The faults that strike one request: any delays, and at most one of the others. */
export interface StruckFaults {
  readonly delayBeforeMs: number;
  readonly delayAfterMs: number;
  readonly outcome: Exclude<FaultAction, { type: 'delay' }> | undefined;
}

interface PendingFault {
  readonly action: FaultAction;
  readonly target: FaultTarget;
  left: number;
}

/** The faults that were set and have not struck as often as they should. */
export class Faults {
  private pending: PendingFault[] = [];

  constructor(private readonly models: EntityModels) {}

  /** @throws Error when the target can never be met. */
  add(action: FaultAction, target: FaultTarget): void {
    const times = target.times ?? 1;
    if (!Number.isInteger(times) || times < 1) {
      throw new Error(`A fault strikes a whole number of times, not ${String(times)}`);
    }
    if (target.entitySet !== undefined && findEntity(this.models, target.entitySet) === undefined) {
      throw new Error(`The sandbox has no entity set ${target.entitySet} for a fault to strike`);
    }
    if (target.key !== undefined && parseGuid(target.key) === undefined) {
      throw new Error(`A fault's key must be a GUID, not ${target.key}`);
    }
    this.pending.push({ action, target, left: times });
  }

  /** Use up what strikes this request, the oldest first. */
  strike(request: FaultCandidate): StruckFaults {
    const fitting = this.pending.filter(
      ({ action, target }) =>
        this.fits(target, request) ||
        (!isPartFault(action) && request.parts?.some((part) => this.fits(target, part)) === true),
    );
    const isDelay = (when: string) => (fault: PendingFault) =>
      fault.action.type === 'delay' && fault.action.when === when;
    const before = fitting.find(isDelay('before'));
    const after = fitting.find(isDelay('after'));
    const outcome = fitting.find(({ action }) => action.type !== 'delay');
    this.use([before, after, outcome]);
    return {
      delayBeforeMs: delayOf(before),
      delayAfterMs: delayOf(after),
      outcome: outcome?.action.type === 'delay' ? undefined : outcome?.action,
    };
  }

  /** Use up what strikes this request of a batch by itself: a fault with a target that fits it. */
  strikePart(part: FaultCandidate): PartFault | undefined {
    const fault = this.pending.find(
      ({ action, target: { method, entitySet, key } }) =>
        isPartFault(action) &&
        (method ?? entitySet ?? key) !== undefined &&
        this.fits({ method, entitySet, key }, part),
    );
    this.use([fault]);
    return fault !== undefined && isPartFault(fault.action) ? fault.action : undefined;
  }

  /** One line each: `loseResponse POST AccountSet (2 left)`. */
  describe(): string[] {
    return this.pending.map(({ action, target, left }) =>
      [action.type, target.method, target.entitySet, target.key, `(${String(left)} left)`]
        .filter((part) => part !== undefined)
        .join(' '),
    );
  }

  clear(): void {
    this.pending = [];
  }

  private use(struck: readonly (PendingFault | undefined)[]): void {
    for (const fault of struck) if (fault !== undefined) fault.left -= 1;
    this.pending = this.pending.filter(({ left }) => left > 0);
  }

  private fits(target: FaultTarget, { method, entitySet, key }: FaultCandidate): boolean {
    const isMethod = target.method === undefined || target.method.toUpperCase() === method;
    const wanted = target.entitySet;
    const isSet =
      wanted === undefined ||
      findEntity(this.models, wanted) === findEntity(this.models, entitySet);
    const isKey = target.key === undefined || parseGuid(target.key) === key;
    return isMethod && isSet && isKey;
  }
}

/** Without an answer, or with half of one, a batch is struck as a whole. */
function isPartFault(action: FaultAction): action is PartFault {
  return action.type === 'throttle' || (action.type === 'fail' && action.answer.form !== 'drop');
}

function delayOf(fault: PendingFault | undefined): number {
  return fault?.action.type === 'delay' ? fault.action.delayMs : 0;
}
