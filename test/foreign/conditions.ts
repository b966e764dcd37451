import { Op, type WhereOptions } from 'sequelize';
import { compareValues } from './server/compare';
import { Decimal, type EdmValue, Ticks } from './server/edm';
import type { Row } from './server/schema';

/** A condition on products, and who fulfils it by the service's own data. */
export interface Condition {
  readonly name: string;
  readonly where: WhereOptions;
  matches(row: Row): boolean;
}

const text = (row: Row, name: string): string | null => {
  const value = row[name] ?? null;
  return value === null ? null : String(value);
};

/** What the column `DECIMAL(19, 4)` makes of a decimal, rounded half away from zero. */
function price(row: Row): Decimal | null {
  const { Price } = row;
  if (!(Price instanceof Decimal)) return null;
  if (Price.scale <= 4) return Price;
  const unit = 10n ** BigInt(Price.scale - 4);
  const half = (Price.units < 0n ? -unit : unit) / 2n;
  return new Decimal((Price.units + half) / unit, 4);
}

function weight(row: Row): number | null {
  return typeof row.Weight === 'number' ? row.Weight : null;
}

const stock = (row: Row): number => Number(row.Stock);

/** An instant as a Date keeps it. */
function checked(row: Row): number | null {
  const { CheckedAt } = row;
  return CheckedAt instanceof Ticks ? CheckedAt.date.getTime() : null;
}

function released(row: Row): string | null {
  const value = row.ReleasedOn ?? null;
  if (value === null) return null;
  return value instanceof Ticks ? value.iso(0).slice(0, 10) : String(value);
}

const at = (time: string): Date => new Date(`2026-03-29T${time}Z`);
const decimal = (digits: string): Decimal => Decimal.parse(digits) ?? new Decimal(0n, 0);

function compare(left: EdmValue, right: EdmValue): number | undefined {
  return left === null ? undefined : compareValues(left, right);
}

function condition(
  name: string,
  where: WhereOptions,
  matches: (row: Row) => boolean | undefined,
): Condition {
  return { name, where, matches: (row) => matches(row) === true };
}

const below = (order: number | undefined): boolean | undefined =>
  order === undefined ? undefined : order < 0;

const texts: readonly Condition[] = [
  condition('a text', { name: 'Tea' }, (row) => row.ProductName === 'Tea'),
  condition(
    'a text with quotes',
    { name: "Tea's 100%" },
    (row) => row.ProductName === "Tea's 100%",
  ),
  condition('another text', { name: { [Op.ne]: 'Tea' } }, (row) => row.ProductName !== 'Tea'),
  condition('an empty text', { note: '' }, (row) => row.Note === ''),
  condition('a blank', { note: ' ' }, (row) => row.Note === ' '),
  condition('no text', { note: null }, (row) => row.Note === null),
  condition('some text', { note: { [Op.not]: null } }, (row) => row.Note !== null),
  condition('a text that is not another', { note: { [Op.ne]: 'Tea' } }, (row) =>
    row.Note === null ? undefined : row.Note !== 'Tea',
  ),
  condition('one of some texts', { note: ['', 'Tea'] }, (row) =>
    ['', 'Tea'].includes(text(row, 'Note') ?? 'null'),
  ),
  condition(
    'none of some texts',
    { name: { [Op.notIn]: ['Tea', 'tea'] } },
    (row) => !['Tea', 'tea'].includes(text(row, 'ProductName') ?? ''),
  ),
  condition('like', { name: { [Op.like]: 'Tea%' } }, (row) =>
    text(row, 'ProductName')?.startsWith('Tea'),
  ),
  condition('iLike', { name: { [Op.iLike]: 'tea%' } }, (row) =>
    text(row, 'ProductName')?.toLowerCase().startsWith('tea'),
  ),
  condition('iLike with letters beyond ASCII', { name: { [Op.iLike]: 'żÓŁ%' } }, (row) =>
    text(row, 'ProductName')?.startsWith('Żół'),
  ),
  condition('notLike', { note: { [Op.notLike]: '%e%' } }, (row) =>
    row.Note === null ? undefined : !text(row, 'Note')?.includes('e'),
  ),
  condition('substring', { name: { [Op.substring]: 'ea' } }, (row) =>
    text(row, 'ProductName')?.includes('ea'),
  ),
  condition('endsWith', { note: { [Op.endsWith]: 'break' } }, (row) =>
    text(row, 'Note')?.endsWith('break'),
  ),
  condition('a pattern with an escaped %', { name: { [Op.like]: '%100\\%' } }, (row) =>
    text(row, 'ProductName')?.endsWith('100%'),
  ),
  condition('a pattern with a backslash', { name: { [Op.like]: 'a\\\\%' } }, (row) =>
    text(row, 'ProductName')?.startsWith('a\\'),
  ),
  condition('a regular expression', { name: { [Op.iRegexp]: '^t.a$' } }, (row) =>
    /^t.a$/i.test(text(row, 'ProductName') ?? ''),
  ),
];

const values: readonly Condition[] = [
  condition('a decimal', { price: '12.5' }, (row) => compare(price(row), decimal('12.5')) === 0),
  condition('decimals below', { price: { [Op.lt]: 12.5 } }, (row) =>
    below(compare(price(row), decimal('12.5'))),
  ),
  condition('decimals between', { price: { [Op.between]: [0, '12.5'] } }, (row) => {
    const value = price(row);
    return (
      value !== null && value.compare(decimal('0')) >= 0 && value.compare(decimal('12.5')) <= 0
    );
  }),
  condition('another decimal', { price: { [Op.ne]: '12.5' } }, (row) => {
    const value = price(row);
    return value !== null && value.compare(decimal('12.5')) !== 0;
  }),
  condition(
    'a double',
    { weight: '0.30000000000000004' },
    (row) => weight(row) === 0.30000000000000004,
  ),
  condition('doubles above', { weight: { [Op.gte]: 0.1 } }, (row) => (weight(row) ?? -1) >= 0.1),
  condition('a number', { stock: 5 }, (row) => stock(row) === 5),
  condition('numbers that are not', { stock: { [Op.notIn]: [0, 1, 2] } }, (row) => stock(row) > 2),
  condition(
    'a number beyond 32 bits',
    { barcode: 5_000_000_000_123 },
    (row) => row.Barcode === 5_000_000_000_123n,
  ),
  condition('a small number of 64 bits', { barcode: { [Op.lte]: 1 } }, (row) => row.Barcode === 1n),
  condition('true', { isSold: true }, (row) => row.IsSold === true),
  condition('not true', { isSold: { [Op.not]: true } }, (row) => row.IsSold !== true),
  condition('no truth', { isSold: null }, (row) => row.IsSold === null),
  condition('an option', { colour: 'green' }, (row) => row.Colour === 2),
  condition('other options', { colour: { [Op.ne]: 'green' } }, (row) =>
    row.Colour === null ? undefined : row.Colour !== 2,
  ),
  condition(
    'a GUID',
    { batch: 'A3BB189E-8BF9-4C8C-9F0F-3D1F2B1C0E11' },
    (row) => row.Batch !== null,
  ),
];

const times: readonly Condition[] = [
  condition('a day', { releasedOn: '2024-02-29' }, (row) => released(row) === '2024-02-29'),
  condition(
    'days up to',
    { releasedOn: { [Op.lte]: '2024-02-29' } },
    (row) => (released(row) ?? '9') <= '2024-02-29',
  ),
  condition(
    'days after',
    { releasedOn: { [Op.gt]: '2024-02-29' } },
    (row) => (released(row) ?? '') > '2024-02-29',
  ),
  condition('another day', { releasedOn: { [Op.ne]: '2024-02-29' } }, (row) =>
    released(row) === null ? undefined : released(row) !== '2024-02-29',
  ),
  condition('some days', { releasedOn: ['2024-03-01', '2023-12-31'] }, (row) =>
    ['2024-03-01', '2023-12-31'].includes(released(row) ?? ''),
  ),
  condition(
    'an instant',
    { checkedAt: at('12:30:00.123') },
    (row) => checked(row) === at('12:30:00.123').getTime(),
  ),
  condition('instants up to', { checkedAt: { [Op.lte]: at('12:30:00.123') } }, (row) => {
    const value = checked(row);
    return value === null ? undefined : value <= at('12:30:00.123').getTime();
  }),
  condition(
    'instants after',
    { checkedAt: { [Op.gt]: at('12:30:00.123') } },
    (row) => (checked(row) ?? 0) > at('12:30:00.123').getTime(),
  ),
  condition('other instants', { checkedAt: { [Op.ne]: at('12:30:00.123') } }, (row) =>
    checked(row) === null ? undefined : checked(row) !== at('12:30:00.123').getTime(),
  ),
  condition('some instants', { checkedAt: [at('12:30:00'), at('12:30:00.124')] }, (row) =>
    [at('12:30:00').getTime(), at('12:30:00.124').getTime()].includes(checked(row) ?? 0),
  ),
  condition(
    'instants between',
    { checkedAt: { [Op.between]: [at('12:30:00'), at('12:30:00.123')] } },
    (row) => {
      const value = checked(row);
      return value === null ? undefined : value <= at('12:30:00.123').getTime();
    },
  ),
];

const combined: readonly Condition[] = [
  condition(
    'both',
    { stock: { [Op.gt]: 1 }, isSold: true },
    (row) => stock(row) > 1 && row.IsSold === true,
  ),
  condition(
    'either',
    { [Op.or]: [{ note: null }, { stock: 13 }] },
    (row) => row.Note === null || stock(row) === 13,
  ),
  condition(
    'neither',
    { [Op.not]: { [Op.or]: [{ stock: 0 }, { colour: 'red' }] } },
    (row) => stock(row) !== 0 && (row.Colour === null ? undefined : row.Colour !== 1),
  ),
  condition(
    'much of all',
    {
      [Op.or]: [
        { [Op.and]: [{ name: { [Op.iLike]: '%TEA%' } }, { price: { [Op.gte]: 0 } }] },
        { [Op.not]: { colour: ['red', 'blue'], stock: { [Op.lt]: 5 } } },
      ],
    },
    (row) => {
      const first =
        text(row, 'ProductName')?.toLowerCase().includes('tea') === true &&
        (price(row)?.compare(decimal('0')) ?? -1) >= 0;
      // NOT (a AND b) of SQL: unknown where a is null and b is true.
      const second = stock(row) >= 5 || (row.Colour !== null && row.Colour === 2);
      return first || second;
    },
  ),
  condition('everything', {}, () => true),
];

/** What products are asked for. */
export const conditions: readonly Condition[] = [...texts, ...values, ...times, ...combined];
