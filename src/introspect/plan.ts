import type { DialectName, EntityMetadata } from '../../legacy-client';
import type { PropertyShape } from './property-shape';

/** One mapped attribute to be written. */
export interface AttributePlan extends PropertyShape {
  /** `accountNumber` */
  readonly attribute: string;
  readonly nullable: boolean;
  /** Only for lookups; `as` is the association's name. */
  readonly target?: { readonly model: ModelPlan; readonly as: string; readonly isGuessed: boolean };
}

/** Something of an entity that is not mapped, and why. */
export interface LeftOut {
  readonly property: string;
  readonly reason: string;
}

/** One model with its mapping, to be written. */
export interface ModelPlan {
  readonly entity: EntityMetadata;
  /** `Account` */
  readonly model: string;
  /** Of its two files, without ending: `account`. */
  readonly file: string;
  readonly key: string;
  readonly modifiedOn: string | null | undefined;
  readonly createdOn: string | null | undefined;
  readonly attributes: AttributePlan[];
  readonly leftOut: LeftOut[];
}

/** What is to be made of a service's metadata. */
export interface IntrospectionPlan {
  readonly dialect: DialectName;
  readonly models: readonly ModelPlan[];
  /** Entities that were asked for and cannot be mapped. */
  readonly leftOut: readonly { readonly entity: string; readonly reason: string }[];
}
