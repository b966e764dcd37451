import type { Model, ModelStatic } from 'sequelize';
import {
  type History,
  historyOf,
  type RecordKey,
  registeredModel,
  type VersionedModel,
} from './history';

/** What a model whose versions are kept says of itself: `TimestampedModel` does. */
interface SelfDescribing {
  bookkeeping(): readonly string[];
  restoredValues(snapshot: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

/** The history of a model; throws an Error when no revisions are connected. */
export function connectedHistory(model: ModelStatic<Model>): History {
  const history = historyOf(model.sequelize);
  if (history) return history;
  throw new Error(
    `${registeredModel(model).name} has no versions, because no revisions are connected. Call ` +
      'connectRevisions(sequelize) when the application starts.',
  );
}

/** The primary key of an instance, by attribute name. */
export function keyOf(instance: Model): RecordKey {
  const { primaryKeyAttributes } = instance.constructor as ModelStatic<Model>;
  return Object.fromEntries(
    primaryKeyAttributes.map((attribute) => [
      attribute,
      instance.getDataValue(attribute as never) as unknown,
    ]),
  );
}

/** What the history needs to know of a model that extends `TimestampedModel`. */
export function versionedModel<M extends Model>(model: ModelStatic<M>): VersionedModel<M> {
  const described = model as unknown as SelfDescribing;
  return {
    model,
    bookkeeping: described.bookkeeping(),
    restoredValues: (snapshot) => described.restoredValues(snapshot),
  };
}
