import { Decimal, type EdmType, type EdmValue, Ticks } from './edm';
import { badRequest, type EntitySetType } from './schema';
import type { Stored } from './store';
import { columns, decoders } from './v2-format';
import type { Addressing, Encoding, WireFormat } from './wire-format';

/** JSON of OData 4. Source: OData JSON Format 4.0 and 4.01. */
export const v4Json: WireFormat = {
  contentType: 'application/json;odata.metadata=minimal;charset=utf-8',
  one: (addressing, set, stored) => {
    const context = { [control(addressing, 'context')]: `$metadata#${set.name}/$entity` };
    return write({ ...withMetadata(addressing, context), ...record(addressing, set, stored) });
  },
  list: (addressing, set, { page, next }) => {
    const context = {
      [control(addressing, 'context')]: `${addressing.root}/$metadata#${set.name}`,
    };
    return write({
      ...withMetadata(addressing, context),
      ...(page.count === undefined ? {} : { [control(addressing, 'count')]: page.count }),
      value: page.records.map((stored) => record(addressing, set, stored, page.select)),
      ...(next === undefined ? {} : { [control(addressing, 'nextLink')]: next }),
    });
  },
  error: (status, message) => JSON.stringify({ error: { code: `REF-${status}`, message } }),
};

function control({ variation }: Addressing, name: string): string {
  return variation.shortControls === true ? `@${name}` : `@odata.${name}`;
}

function withMetadata(
  { variation }: Addressing,
  members: Record<string, unknown>,
): Record<string, unknown> {
  return variation.metadata === 'none' ? {} : members;
}

function record(
  addressing: Addressing,
  set: EntitySetType,
  stored: Stored,
  select?: readonly string[],
): Record<string, unknown> {
  const { root, variation } = addressing;
  const members: Record<string, unknown> = {};
  if (variation.etags !== 'none' && variation.metadata !== 'none') {
    members[control(addressing, 'etag')] = v4Etag(stored);
  }
  if (variation.metadata === 'full') {
    members[control(addressing, 'type')] = `#Ref.${set.name}`;
    members[control(addressing, 'id')] = `${root}/${set.name}(${String(stored.row[set.key])})`;
  }
  for (const [name, type] of columns(set, select)) {
    const value = stored.row[name] ?? null;
    if (value === null && variation.omitsNulls === true) continue;
    if (variation.metadata === 'full') members[`${name}@odata.type`] = `#${type.slice(4)}`;
    members[name] = encode({ type, variation }, value);
  }
  return members;
}

/** The version of a record. */
export function v4Etag({ version }: Stored): string {
  return `W/"v${version}"`;
}

/** A number that goes into JSON as its digits. */
class Digits {
  constructor(readonly text: string) {}
}

function encode({ type, variation }: Encoding, value: EdmValue): unknown {
  if (value === null) {
    return variation.emptyForNull === true && type !== 'Edm.String' ? '' : null;
  }
  if (value instanceof Decimal || typeof value === 'bigint') {
    const text = value.toString();
    return variation.ieee754Compatible === true ? text : new Digits(text);
  }
  if (value instanceof Ticks) {
    const { fractionDigits = 3, minutesEast = 0 } = variation;
    return value.iso(fractionDigits, minutesEast) + zone(minutesEast);
  }
  if (type === 'Edm.Guid' && variation.guids === 'upper') return String(value).toUpperCase();
  return value;
}

function zone(minutesEast: number): string {
  if (minutesEast === 0) return 'Z';
  const minutes = Math.abs(minutesEast);
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0');
  return `${minutesEast < 0 ? '-' : '+'}${hours}:${String(minutes % 60).padStart(2, '0')}`;
}

function write(value: unknown): string {
  const digits: string[] = [];
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (!(member instanceof Digits)) return member;
    digits.push(member.text);
    return `\u0000${digits.length - 1}\u0000`;
  });
  return text.replace(
    /"\\u0000(\d+)\\u0000"/g,
    (_all, index: string) => digits[Number(index)] ?? '',
  );
}

/** Read a member of a JSON body. */
export function decodeV4(name: string, type: EdmType, value: unknown): EdmValue {
  if (value === null) return null;
  const decoded = v4Decoders[type]?.(value, '');
  if (decoded === undefined) throw badRequest(`${name} is no ${type} of OData 4`);
  return decoded;
}

const v4Decoders: typeof decoders = {
  ...decoders,
  'Edm.Int64': (value) => (Number.isInteger(value) ? BigInt(value as number) : undefined),
  'Edm.Decimal': (value) => (typeof value === 'number' ? Decimal.parse(String(value)) : undefined),
  'Edm.DateTimeOffset': (value) =>
    typeof value === 'string' ? Ticks.parse(value, 'required') : undefined,
  'Edm.Date': (value) =>
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined,
};
