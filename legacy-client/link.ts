import type { CallOptions } from './client';
import type { LookupTarget } from './entity';

/** A many-to-many relationship, from the end whose navigation property is named. */
export interface LegacyLink {
  readonly from: LookupTarget;
  readonly to: LookupTarget;
  /**
   * The navigation property of `from`: on Dynamics 2011 the relationship's schema name
   * (`optevia_account_sector`), on Dataverse the collection-valued navigation property.
   */
  readonly navigation: string;
}

/** The keys of the records at both ends of a link. */
export interface LinkedKeys {
  readonly from: string;
  readonly to: string;
}

/** Options of {@link LegacyClient.associate}. */
export interface AssociateOptions extends CallOptions {
  /** Called before the request is repeated although an earlier copy may still be on its way. */
  readonly onRepeat?: () => void;
}
