import type { DialectName, PropertyMetadata } from '../../legacy-client';
import { quoted } from './source-text';

/** How a property that is no lookup would be kept here. Source texts, as they stand in a file. */
export interface PropertyShape {
  /** `field.string('Name')` */
  readonly field: string;
  /** `DataTypes.STRING(160)` */
  readonly dataType: string;
  /** `string` */
  readonly tsType: string;
}

interface Shape {
  /** Of {@link field}: `string`. */
  readonly kind: string;
  readonly dataType: string;
  readonly tsType: string;
  /** The type is not the usual one of its kind on these dialects. */
  readonly unusualOn?: readonly DialectName[];
}

const generic: readonly DialectName[] = ['odata2', 'odata4'];
const whole: Shape = { kind: 'integer', dataType: 'DataTypes.INTEGER', tsType: 'number' };
const exact: Shape = { kind: 'decimal', dataType: 'DataTypes.DECIMAL', tsType: 'string' };
const instant: Shape = { kind: 'dateTime', dataType: 'DataTypes.DATE', tsType: 'Date' };

/** Complex types of Dynamics 2011; elsewhere a type of such a name is another one. */
const ofDynamics2011 = new Map<string, Shape>([
  ['OptionSetValue', { kind: 'optionSet', dataType: 'DataTypes.INTEGER', tsType: 'number' }],
  ['Money', { kind: 'money', dataType: 'DataTypes.DECIMAL', tsType: 'string' }],
]);

const shapes = new Map<string, Shape>(
  Object.entries({
    'Edm.Boolean': { kind: 'boolean', dataType: 'DataTypes.BOOLEAN', tsType: 'boolean' },
    'Edm.Byte': whole,
    'Edm.SByte': whole,
    'Edm.Int16': whole,
    'Edm.Int32': whole,
    'Edm.Int64': {
      kind: 'integer',
      dataType: 'DataTypes.BIGINT',
      tsType: 'string',
      unusualOn: generic,
    },
    'Edm.Decimal': exact,
    'Edm.Double': { ...exact, unusualOn: generic },
    'Edm.Single': { ...exact, unusualOn: generic },
    'Edm.DateTime': instant,
    'Edm.DateTimeOffset': { ...instant, unusualOn: ['odata2'] },
    'Edm.Date': { kind: 'dateOnly', dataType: 'DataTypes.DATEONLY', tsType: 'string' },
    'Edm.Guid': { kind: 'guid', dataType: 'DataTypes.UUID', tsType: 'string' },
  }),
);

/** What PostgreSQL takes. */
const MOST_DIGITS = 1000;

/** Texts above this length get a column without a limit. */
const longestLine = 4000;

/**
 * Find out how a property would be kept.
 *
 * @returns a text that says why it cannot be.
 */
export function shapeOf(property: PropertyMetadata, dialect: DialectName): PropertyShape | string {
  if (property.isCollection) return 'a collection has no column';
  const shape = property.type === 'Edm.String' ? textShape(property) : typeShape(property, dialect);
  if (!shape) return `${property.type} has no field kind`;
  const type = shape.unusualOn?.includes(dialect) ? `, { type: '${property.type}' }` : '';
  return {
    field: `field.${shape.kind}(${quoted(property.name)}${type})`,
    dataType: shape === exact ? decimalType(property) : shape.dataType,
    tsType: shape.tsType,
  };
}

function typeShape({ type }: PropertyMetadata, dialect: DialectName): Shape | undefined {
  return shapes.get(type) ?? (dialect === 'dynamics2011' ? ofDynamics2011.get(type) : undefined);
}

function textShape({ maxLength = 0 }: PropertyMetadata): Shape {
  if (maxLength === 0 || maxLength > longestLine) {
    return { kind: 'text', dataType: 'DataTypes.TEXT', tsType: 'string' };
  }
  return { kind: 'string', dataType: `DataTypes.STRING(${maxLength})`, tsType: 'string' };
}

/** Without both numbers, or with such as PostgreSQL does not take, the column keeps every digit. */
function decimalType({ precision = 0, scale }: PropertyMetadata): string {
  const isTaken = precision > 0 && precision <= MOST_DIGITS;
  if (scale === undefined || !isTaken || scale > precision) return 'DataTypes.DECIMAL';
  return `DataTypes.DECIMAL(${precision}, ${scale})`;
}
