import { TimestampedModel, type Provided } from '../model/timestamped-model';
import { withLegacy } from './with-legacy';

const SyncedModel = withLegacy(TimestampedModel);

/**
 * A model that is kept in PostgreSQL and in the legacy system. Its ordinary calls reach both: each
 * write ends in both or in neither, and reads refresh the local rows first. Deriving a model from
 * this class, and giving `connectLegacy` a migrator for it, is all that an application does.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Sequelize's own Model has it
export class LegacyModel<A extends object = any, C extends object = A> extends SyncedModel<A, C> {
  /** The legacy key, a GUID; null for a row that the legacy system does not have. */
  declare legacyId: Provided<string> | null;
  /** The CRM's stamp when both sides last agreed, UTC. */
  declare legacyModifiedAt: Provided<Date> | null;
  /** The ETag when both sides last agreed, where the dialect has ETags. */
  declare legacyVersion: Provided<string> | null;
}
