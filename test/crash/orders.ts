import type { WriteMode } from '../../src';
import type { Face } from '../support/dual-world';
import type { NamedPoint } from './named-point';

/** The models that have records of their own. */
export type ModelName = 'Organisation' | 'Contact' | 'Errand';

/** Values by attribute. */
export type Values = Readonly<Record<string, string | number | null>>;

/** A row by its local key. */
export interface Row {
  readonly id: string;
  readonly values: Values;
}

interface OfModel {
  readonly model: ModelName;
}

interface OfRow extends OfModel {
  readonly id: string;
}

/** One call that writes. */
export type Write =
  | ({ readonly kind: 'create' | 'upsert' | 'update' } & OfRow & Row)
  | ({ readonly kind: 'destroy' | 'restore' } & OfRow)
  | {
      readonly kind: 'increment';
      readonly ids: readonly [string, ...string[]];
      readonly by: number;
    }
  | ({
      readonly kind: 'bulkCreate';
      readonly rows: readonly Row[];
      /** What is overwritten of rows that are there already; without it the call then fails. */
      readonly overwrite?: readonly string[];
    } & OfModel)
  | ({
      readonly kind: 'updateWhere';
      readonly ids: readonly string[];
      readonly values: Values;
    } & OfModel)
  | ({ readonly kind: 'destroyWhere'; readonly ids: readonly string[] } & OfModel)
  | ({ readonly kind: 'findOrCreate' } & Row)
  | {
      readonly kind: 'link' | 'unlink';
      readonly id: string;
      readonly sectors: readonly number[];
    }
  /** An organisation and its contacts by one `create` with `include`. */
  | ({ readonly kind: 'family'; readonly contacts: readonly Row[] } & Row);

/** Some steps of a transaction in a savepoint of their own. */
export interface Savepoint {
  readonly kind: 'savepoint';
  readonly steps: readonly Step[];
  readonly isRolledBack: boolean;
}

/** One step of a transaction. */
export type Step = Write | Savepoint;

/** A call of its own; of several steps, or of a savepoint, a transaction. */
export type Work = readonly [Step, ...Step[]];

/** What an application process is told to do: one line of JSON on its stdin. */
export interface Orders {
  readonly databaseUrl: string;
  readonly legacyUrl: string;
  readonly face: Face;
  readonly timeoutMs: number;
  /** Records of destroyed organisations are made inactive, not deleted. */
  readonly deactivates?: boolean;
  /** When writes are sent; default at once. */
  readonly writes?: WriteMode;
  /** Work of several lanes, which go on side by side: each does its calls one after the other. */
  readonly lanes: readonly (readonly Work[])[];
  /** How often recovery runs before the work. */
  readonly recoveries: number;
  /** At which of its exchanges with the two servers the process kills itself; 0 for never. */
  readonly killAt: number;
  /** At which of its exchanges the connection concerned is cut; 0 for never. */
  readonly cutAt: number;
  /** At which named moment it kills itself. */
  readonly point?: NamedPoint;
  /** Every call is in a transaction that its caller rolls back at the end. */
  readonly isRolledBack?: boolean;
  /** Every call is in a SERIALIZABLE transaction that others can get into conflict with. */
  readonly isSerializable?: boolean;
}

/** What connections of the process call themselves, so that the parent sees when they are gone. */
export const applicationName = 'crash-application';

/** Which call a report is about. */
export interface CallPlace {
  readonly lane: number;
  readonly index: number;
}

/** What became of a call. */
export type Outcome =
  | ({ readonly type: 'done' } & CallPlace)
  | ({
      readonly type: 'failed';
      readonly error: string;
      readonly message: string;
      /** Of a DualWriteError. */
      readonly legacy?: string;
    } & CallPlace);

/** A line that the process prints about its work. */
export type Report =
  | Outcome
  | ({ readonly type: 'begun' } & CallPlace)
  | { readonly type: 'recovered' }
  | { readonly type: 'end'; readonly exchanges: number };
