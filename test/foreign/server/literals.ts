import { Decimal, Ticks } from './edm';
import type { Typed } from './compare';

const GUID = '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}';
const INSTANT =
  '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,12})?)?(?:Z|[+-]\\d{2}:\\d{2})?';

/** One way of writing a literal: what it looks like, and what it stands for. */
interface LiteralRule {
  readonly pattern: RegExp;
  read(match: RegExpExecArray): Typed | undefined;
}

const text: LiteralRule = {
  pattern: /^'((?:[^']|'')*)'/,
  read: ([, inner = '']) => ({ type: 'Edm.String', value: inner.replaceAll("''", "'") }),
};

const words: LiteralRule = {
  pattern: /^(?:true|false|null)(?![\w/])/,
  read: ([word]) =>
    word === 'null'
      ? { type: 'null', value: null }
      : { type: 'Edm.Boolean', value: word === 'true' },
};

function instant(iso: string, type: 'Edm.DateTime' | 'Edm.DateTimeOffset'): Typed | undefined {
  const value = Ticks.parse(iso, type === 'Edm.DateTime' ? 'forbidden' : 'required');
  return value && { type, value };
}

function integer(digits: string): Typed {
  const value = BigInt(digits);
  const isSmall = value >= -2_147_483_648n && value <= 2_147_483_647n;
  return isSmall ? { type: 'Edm.Int32', value: Number(value) } : { type: 'Edm.Int64', value };
}

function decimal(digits: string): Typed | undefined {
  const value = Decimal.parse(digits);
  return value && { type: 'Edm.Decimal', value };
}

const END = '(?![\\w.:-])';

const v2: readonly LiteralRule[] = [
  {
    pattern: new RegExp(`^guid'(${GUID})'`),
    read: ([, guid = '']) => ({ type: 'Edm.Guid', value: guid.toLowerCase() }),
  },
  {
    pattern: new RegExp(`^datetime'(${INSTANT})'`),
    read: ([, iso = '']) => instant(iso, 'Edm.DateTime'),
  },
  {
    pattern: new RegExp(`^datetimeoffset'(${INSTANT})'`),
    read: ([, iso = '']) => instant(iso, 'Edm.DateTimeOffset'),
  },
  text,
  words,
  {
    pattern: new RegExp(`^(-?\\d+(?:\\.\\d+)?)[mM]${END}`),
    read: ([, digits = '']) => decimal(digits),
  },
  {
    pattern: new RegExp(`^(-?\\d+)[lL]${END}`),
    read: ([, digits = '']) => ({ type: 'Edm.Int64', value: BigInt(digits) }),
  },
  {
    pattern: new RegExp(`^(-?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)[dD]${END}`),
    read: ([, digits = '']) => ({ type: 'Edm.Double', value: Number(digits) }),
  },
  {
    pattern: new RegExp(`^-?\\d+\\.\\d+${END}`),
    read: ([digits]) => ({ type: 'Edm.Double', value: Number(digits) }),
  },
  { pattern: new RegExp(`^-?\\d+${END}`), read: ([digits]) => integer(digits) },
];

const v4: readonly LiteralRule[] = [
  {
    pattern: new RegExp(`^${GUID}${END}`),
    read: ([guid]) => ({ type: 'Edm.Guid', value: guid.toLowerCase() }),
  },
  {
    pattern: new RegExp(`^${INSTANT}${END}`),
    read: ([iso]) => instant(iso, 'Edm.DateTimeOffset'),
  },
  {
    pattern: new RegExp(`^\\d{4}-\\d{2}-\\d{2}${END}`),
    read: ([day]) => ({ type: 'Edm.Date', value: day }),
  },
  text,
  words,
  { pattern: new RegExp(`^-?\\d+\\.\\d+${END}`), read: ([digits]) => decimal(digits) },
  { pattern: new RegExp(`^-?\\d+${END}`), read: ([digits]) => integer(digits) },
];

/** Read the literal that a text begins with; undefined when it begins with something else. */
export function readLiteral(
  version: 2 | 4,
  input: string,
): { readonly typed: Typed; readonly length: number } | undefined {
  for (const rule of version === 2 ? v2 : v4) {
    const match = rule.pattern.exec(input);
    const typed = match === null ? undefined : rule.read(match);
    if (match !== null && typed !== undefined) return { typed, length: match[0].length };
  }
  return undefined;
}
