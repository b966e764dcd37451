import { DataTypes, Utils, type ModelAttributeColumnOptions } from 'sequelize';
import type { Mapping } from '../mapping';
import type { RefreshTable } from '../sync/refresh/input-sql';

/** A value that the model gives each new row by itself. */
export interface GivenValue {
  readonly column: string;
  readonly value: unknown;
  /** Each row gets a new one. */
  readonly isUuid: boolean;
}

const ownAttributes = new Set([
  ...['legacyId', 'legacyModifiedAt', 'legacyVersion', 'createdAt', 'modifiedAt'],
]);

/** The model's default values; undefined where one has to be made for each row by its own code. */
export function givenValues({ mapping, columns, local }: RefreshTable): GivenValue[] | undefined {
  const mapped = new Set(columns.map(({ column }) => column));
  const built = builtRow(mapping);
  const given: GivenValue[] = [];
  for (const [attribute, definition] of Object.entries(mapping.model.getAttributes())) {
    const column = definition.field ?? attribute;
    const value = built[attribute];
    if (ownAttributes.has(attribute) || mapped.has(column)) continue;
    if (local.typeOf(column) === undefined || value === undefined || value === null) continue;
    if (isSqlMethod(value)) continue;
    const isUuid = isUuidDefault(definition);
    if (!isUuid && isMadeEachTime(definition)) return undefined;
    given.push({ column, value, isUuid });
  }
  return given;
}

function builtRow({ model }: Mapping): Record<string, unknown> {
  return model.build({}).get({ plain: true }) as Record<string, unknown>;
}

function isSqlMethod(value: unknown): boolean {
  const { SequelizeMethod } = Utils as unknown as { SequelizeMethod: new () => object };
  return value instanceof SequelizeMethod;
}

function isUuidDefault({ defaultValue }: ModelAttributeColumnOptions): boolean {
  const { UUIDV4 } = DataTypes as unknown as { UUIDV4: new () => object };
  return defaultValue === UUIDV4 || defaultValue instanceof UUIDV4;
}

/** A function, or a type like NOW, or a getter of the model. */
function isMadeEachTime({ defaultValue }: ModelAttributeColumnOptions): boolean {
  return !['string', 'number', 'boolean', 'bigint'].includes(typeof defaultValue);
}
