import { Decimal, type EdmType, type EdmValue, Ticks } from './edm';
import { badRequest } from './schema';

const NUMBERS: readonly EdmType[] = ['Edm.Int32', 'Edm.Int64', 'Edm.Decimal', 'Edm.Double'];

/** A value with its type; the type of null is not known. */
export interface Typed {
  readonly type: EdmType | 'null';
  readonly value: EdmValue;
}

/**
 * Refuse to compare what the standard does not let compare: OData 2.0 promotes integers to decimals
 * and to doubles, but never a decimal to a double, as OData 4 does.
 */
export function checkComparable(version: 2 | 4, left: Typed, right: Typed): void {
  if (left.type === right.type || left.type === 'null' || right.type === 'null') return;
  const types = [left.type, right.type];
  const areNumbers = types.every((type) => NUMBERS.includes(type));
  const mixes = version === 2 && types.includes('Edm.Decimal') && types.includes('Edm.Double');
  if (areNumbers && !mixes) return;
  throw badRequest(`${left.type} cannot be compared with ${right.type}`);
}

/** Below, at or above zero; both values are there. */
export function compareValues(left: EdmValue, right: EdmValue): number {
  if (left instanceof Ticks && right instanceof Ticks) return sign(left.count, right.count);
  if (typeof left === 'number' || typeof right === 'number') {
    return sign(Number(String(left)), Number(String(right)));
  }
  if (isExact(left) && isExact(right)) return decimalOf(left).compare(decimalOf(right));
  if (typeof left === 'boolean' && typeof right === 'boolean') {
    return sign(Number(left), Number(right));
  }
  return sign(String(left), String(right));
}

function isExact(value: EdmValue): value is bigint | Decimal {
  return typeof value === 'bigint' || value instanceof Decimal;
}

function decimalOf(value: bigint | Decimal): Decimal {
  return value instanceof Decimal ? value : new Decimal(value, 0);
}

function sign<T extends bigint | number | string>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
