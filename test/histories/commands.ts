import type { ModelName } from './state';
import type { Mishaps, Read } from './orders';

/** Which attributes a write changes; the values are new ones each time. */
export interface Fields {
  readonly texts: readonly [boolean, boolean];
  readonly number: boolean;
  /** Undefined: not; null: to nothing; otherwise to the n-th organisation. */
  readonly link?: number | null | undefined;
}

/** A write before it is known what there is to write on. */
export type WritePlan =
  | {
      readonly do: 'create';
      readonly how: 'create' | 'bulkCreate' | 'findOrCreate' | 'upsert';
      readonly model: ModelName;
      readonly link: number | null;
    }
  | {
      readonly do: 'set';
      readonly how: 'save' | 'stale save' | 'static' | 'upsert' | 'setter';
      readonly model: ModelName;
      readonly refs: readonly [number, number];
      readonly fields: Fields;
    }
  | {
      readonly do: 'add';
      readonly how: 'instance' | 'static';
      readonly refs: readonly [number, number];
      readonly by: number;
    }
  | {
      readonly do: 'destroy';
      readonly how: 'instance' | 'static';
      readonly model: ModelName;
      readonly refs: readonly [number, number];
    };

/** What a transaction does, one after the other. */
export type StepPlan =
  | WritePlan
  | { readonly do: 'read'; readonly model: ModelName }
  | {
      readonly do: 'savepoint';
      readonly steps: readonly StepPlan[];
      readonly end: 'release' | 'rollback';
    };

/** A call that writes. */
export type CallPlan =
  | WritePlan
  | {
      readonly do: 'transaction';
      readonly steps: readonly StepPlan[];
      readonly end: 'commit' | 'rollback';
    };

/** What the CRM does wrong, to the n-th request of a kind from then on. */
export interface FaultPlan {
  readonly kind:
    | 'lost'
    | 'truncated'
    | 'failed after'
    | 'refused'
    | 'unavailable'
    | 'dropped'
    | 'dropped after'
    | 'login page'
    | 'unauthorized'
    | 'throttled'
    | 'late';
  readonly method: 'create' | 'update' | 'DELETE' | 'GET';
  readonly times: number;
}

/** One thing that happens in a history. */
export type Command =
  | ({
      readonly do: 'call';
      readonly call: CallPlan;
      readonly fault?: FaultPlan | undefined;
    } & Mishaps)
  | ({
      readonly do: 'read';
      readonly how: Read['how'];
      readonly model: ModelName;
      readonly refs: readonly [number, number];
      readonly fault?: FaultPlan | undefined;
    } & Mishaps)
  | {
      readonly do: 'edit';
      readonly model: ModelName;
      readonly ref: number;
      readonly fields: Fields;
    }
  | { readonly do: 'crm create'; readonly model: ModelName; readonly link: number | null }
  | { readonly do: 'crm delete'; readonly model: ModelName; readonly ref: number }
  | { readonly do: 'kill' }
  | ({
      readonly do: 'recover';
      readonly who: 'application' | 'operator';
      readonly fault?: FaultPlan | undefined;
    } & Mishaps)
  | { readonly do: 'set clock'; readonly hours: number }
  | { readonly do: 'set crm clock'; readonly hours: number }
  | { readonly do: 'settle' };

/** What happens from an empty world on. */
export interface History {
  readonly organisations: number;
  readonly contacts: number;
  /** Whether the application has read everything before. */
  readonly isLoaded: boolean;
  /** How often the application recovers by itself; 0 for never. */
  readonly recoverEveryMs: number;
  /** Dataverse only: the models are followed. */
  readonly isFollowing: boolean;
  /** Dataverse only: the writes of a transaction are sent as one changeset. */
  readonly isWaiting: boolean;
  readonly commands: readonly Command[];
}
