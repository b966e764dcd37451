import { wider } from './bound';
import type { OrderedProperty } from './ordered-subjects';
import { presence, type Subject } from './subject';

/** How far a floating-point column may be from the decimal number that it was given. */
const relativeError = 2 ** -20;

/** Decimal numbers in a floating-point column, which keeps them approximately. */
export function floats({ name, property, nullable }: OrderedProperty): Subject {
  const has = presence(property, nullable);
  const reason = `${name} is approximate here`;
  return {
    name,
    ...has,
    compare: (op, value) => {
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number !== 'number' || !(Math.abs(number) < 1e20)) {
        throw new RangeError('the value is not a number that can be written out');
      }
      if (op === 'ne') return { ...has.present, exact: false, reasons: [reason] };
      const margin = Math.abs(number) * relativeError + 1e-9;
      const low = { op: 'ge', property, value: (number - margin).toFixed(12) } as const;
      const high = { op: 'le', property, value: (number + margin).toFixed(12) } as const;
      if (op === 'eq') return wider({ op: 'and', filters: [low, high] }, reason);
      return wider(op === 'gt' || op === 'ge' ? low : high, reason);
    },
  };
}
