import type { LegacyProperty, LegacyValue } from '../../../legacy-client';
import { exactly, nothingAtAll, undecided, widened } from './bound';
import { differs, presence, type Subject } from './subject';

/** A property that can only be equal or not: truths, GUIDs, names of options, references. */
export interface TokenProperty {
  readonly name: string;
  readonly property: LegacyProperty;
  readonly nullable: boolean;
  /** The value as the property holds it; undefined when no record can have it. */
  readonly convert: (value: unknown) => LegacyValue | undefined;
}

/** Values that are equal or not, and in no order that both sides share. */
export function tokens({ name, property, nullable, convert }: TokenProperty): Subject {
  const has = presence(property, nullable);
  return {
    name,
    ...has,
    compare: (op, value) => {
      if (op !== 'eq' && op !== 'ne') return undecided(`a range of ${name}`);
      const converted = convert(value);
      if (op === 'eq') {
        if (converted === undefined) return nothingAtAll;
        return exactly({ op: 'eq', property, value: converted });
      }
      if (converted !== undefined) return differs(property, converted, nullable);
      return widened(has.present, `${name} excludes what no record here has`);
    },
  };
}

/** A GUID in any notation that PostgreSQL reads; undefined when it is none. */
export function guidOf(value: unknown): string | undefined {
  const digits = String(value).replace(/[{}-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
