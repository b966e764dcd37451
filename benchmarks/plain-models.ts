import {
  Model,
  type ModelAttributeColumnOptions,
  type ModelAttributes,
  type ModelStatic,
  type Sequelize,
} from 'sequelize';
import { Organisation } from '../models';
import { TimestampedModel } from '../src';

/** An organisation as the benchmarks use it, whatever its class. */
export interface Row extends Model {
  id: string;
  name: string;
  legacyId: string | null;
}

/** The same columns, without what ties them to the class that they come from. */
function columns<M extends Model>(): ModelAttributes<M> {
  const own: [string, ModelAttributeColumnOptions][] = Object.entries(
    Organisation.getAttributes(),
  ).filter(([name]) => name !== 'createdAt' && name !== 'modifiedAt');
  return Object.fromEntries(
    own.map(([name, { type, field, allowNull, primaryKey, defaultValue }]) => [
      name,
      { type, field, allowNull, primaryKey, defaultValue },
    ]),
  ) as ModelAttributes<M>;
}

const table = { tableName: 'organisations', underscored: true } as const;

/** The organisations' table under a model of Sequelize's own: no library at all. */
export function plainOrganisation(sequelize: Sequelize): ModelStatic<Row> {
  class PlainOrganisation extends Model {}
  return PlainOrganisation.init(columns<PlainOrganisation>(), {
    sequelize,
    ...table,
    updatedAt: 'modifiedAt',
  }) as unknown as ModelStatic<Row>;
}

/** The organisations' table as it is after the exit: versions, and no legacy system. */
export function timestampedOrganisation(sequelize: Sequelize): ModelStatic<Row> {
  class TimestampedOrganisation extends TimestampedModel {}
  TimestampedOrganisation.init(columns<TimestampedOrganisation>(), { sequelize, ...table });
  return TimestampedOrganisation as unknown as ModelStatic<Row>;
}
