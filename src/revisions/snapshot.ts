import { Buffer } from 'node:buffer';
import type { DataType } from 'sequelize';

/** What is read of a Sequelize data type. Ranges name their subtype only. */
interface TypeDescription {
  readonly key?: string;
  readonly type?: TypeDescription;
  readonly _subtype?: string;
}

const exactNumbers = new Set(['DECIMAL', 'BIGINT']);

function describe(type: DataType): TypeDescription {
  return type as unknown as TypeDescription;
}

/** The type of a list's elements, however deep the list. */
function elementOf(type: TypeDescription): TypeDescription {
  return type.key === 'ARRAY' && type.type ? elementOf(type.type) : type;
}

/** Whether an attribute has no column. */
export function isVirtual(type: DataType): boolean {
  return describe(type).key === 'VIRTUAL';
}

/**
 * How a column goes into a snapshot: such that reading the JSON loses nothing. Decimals and 64-bit
 * numbers as text, bytes in base64, ranges as Sequelize has them.
 */
export function snapshotExpression(type: DataType, column: string): string {
  const description = describe(type);
  const element = elementOf(description);
  if (exactNumbers.has(element.key ?? '')) {
    return `${column}::text${description.key === 'ARRAY' ? '[]' : ''}`;
  }
  if (description.key === 'BLOB') return `encode(${column}, 'base64')`;
  if (description.key === 'RANGE') return rangeExpression(description, column);
  return column;
}

function rangeExpression({ _subtype: subtype = '' }: TypeDescription, column: string): string {
  const cast = exactNumbers.has(subtype) ? '::text' : '';
  const bound = (name: string): string =>
    `jsonb_build_object('value', ${name}(${column})${cast}, 'inclusive', ${name}_inc(${column}))`;
  return `CASE WHEN isempty(${column}) THEN '[]'::jsonb WHEN ${column} IS NOT NULL THEN jsonb_build_array(${bound('lower')}, ${bound('upper')}) END`;
}

/** Turn a value of a snapshot into what Sequelize gives for that type. */
export function fromSnapshot(type: DataType | undefined, value: unknown): unknown {
  if (type === undefined || value === null || value === undefined) return value ?? null;
  return revive(describe(type), value);
}

function revive(type: TypeDescription, value: unknown): unknown {
  switch (type.key) {
    case 'DATE':
      return instant(value);
    case 'BLOB':
      return typeof value === 'string' ? Buffer.from(value, 'base64') : value;
    case 'ARRAY':
      return Array.isArray(value) ? value.map((item) => reviveElement(type, item)) : value;
    case 'RANGE':
      return type._subtype === 'DATE' && Array.isArray(value) ? value.map(reviveBound) : value;
    default:
      return value;
  }
}

function reviveElement(list: TypeDescription, item: unknown): unknown {
  if (item === null) return null;
  return revive(Array.isArray(item) ? list : elementOf(list), item);
}

function reviveBound(bound: unknown): unknown {
  const { value, ...rest } = bound as { value: unknown };
  return { ...rest, value: value === null ? null : instant(value) };
}

function instant(value: unknown): unknown {
  if (value === 'infinity') return Infinity;
  if (value === '-infinity') return -Infinity;
  return typeof value === 'string' ? new Date(value) : value;
}
