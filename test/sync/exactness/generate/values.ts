import fc from 'fast-check';
import type { Operand, Ref } from '../oracle/conditions';
import { columnOf, type Column, type ModelName } from '../oracle/facts';
import type { Cell } from '../oracle/rows';

/** What a write gives a column: a value, or a record to refer to. */
export type Given = Cell | Ref;

const names = [
  'Foo',
  'foo',
  'FOO',
  "O'Brien",
  '100%',
  'a_b',
  'axb',
  '[ab]',
  'a',
  'Éa',
  'éa',
  'x ',
  'x',
  ' x',
  'back\\slash',
  '"q" & <b>',
];
const few = ['abc', 'ABC', '12', 'ab ', "''", '%'];

/** Texts by attribute: few of them, so that they meet. */
const textsByAttribute: Readonly<Record<string, readonly string[]>> = {
  isoCode: ['GB', 'gb', 'FR', 'X'],
  isoCode3: ['GBR', 'gbr', 'FRA'],
  accountNumber: few,
  telephone: few,
  website: ['https://example.test/?a=1&b=%20', 'HTTPS://EXAMPLE.TEST', 'x'],
  orderNumber: ['F-1', 'f-1', 'F-2', 'F_1'],
  email: ['a@example.test', 'A@example.test', 'b+c@example.test', 'a_@example.test'],
};

function textsOf(attribute: string): readonly string[] {
  return textsByAttribute[attribute] ?? names;
}

/** Texts that stand in conditions only. */
const patterns = [
  '%',
  '_',
  'a%',
  '%a',
  '%o%',
  'F__',
  'f%o',
  '100\\%',
  'a\\_b',
  'a_b',
  '[ab]',
  '[%',
  "O'%",
  '%\\\\%',
  'É%',
  'é%',
  'x%',
  '% ',
  '',
];
const regexps = ['^[Ff]o+$', 'o$', '^.$', 'a.b', '[0-9]', 'é', "'", '^x ?$', '\\\\'];
const parts = ['a', 'F', 'fo', 'O', ' ', 'x', 'é', "'", '[', '%', '_', '0', '-1'];

const integers = [0, 1, 3, 5, -3, 100];
const decimals: Readonly<Record<number, readonly string[]>> = {
  2: ['0.00', '12.35', '12.34', '-1.50', '1000000.10', '0.01'],
  4: ['3.1416', '3.1415', '0.0000', '-2.5000', '10.0000'],
};
/** Decimals with more digits than the column keeps. */
const longDecimals: Readonly<Record<number, readonly string[]>> = {
  2: ['12.345', '12.3449', '-1.505', '0.005'],
  4: ['3.14159', '3.14155', '-2.50005'],
};
const days = ['1998-03-21', '2020-02-29', '1999-01-01', '1753-01-01', '2100-12-31'];
const moments = [
  new Date('2020-01-01T00:00:00Z'),
  new Date('2026-07-01T12:34:56Z'),
  new Date('2026-07-01T12:34:57Z'),
  new Date('1999-12-31T23:59:59Z'),
];
const fineMoments = [
  new Date('2026-07-01T12:34:56.500Z'),
  new Date('2019-12-31T23:59:59.999Z'),
  new Date('2020-01-01T00:00:00.001Z'),
];

/** Every text that can occur, for the database to rank. */
export const allTexts: readonly string[] = [
  ...new Set([...Object.values(textsByAttribute).flat(), ...names, ...few, ...patterns, ...parts]),
];

const among = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** The n-th record of a model. */
export const ref: fc.Arbitrary<Ref> = fc.nat({ max: 30 }).map((at) => ({ ref: at }));

/** A value that a column keeps as it is. */
export function kept(column: Column): fc.Arbitrary<Given> {
  switch (column.kind) {
    case 'text':
      return among(textsOf(column.attribute));
    case 'integer':
      return among(integers);
    case 'decimal':
      return among(decimals[column.scale ?? 0] ?? []);
    case 'boolean':
      return fc.boolean();
    case 'dateOnly':
      return among(days);
    case 'dateTime':
      return among(moments);
    case 'code':
      return among(column.names ?? []);
    case 'lookup':
      return ref;
  }
}

/** Values that are not kept as they are: rounded, cut, emptied. */
function changed(column: Column): fc.Arbitrary<Given> {
  if (column.kind === 'decimal') return among(longDecimals[column.scale ?? 0] ?? []);
  if (column.kind === 'dateTime') return among(fineMoments);
  return column.kind === 'text' && !column.required ? fc.constant('') : kept(column);
}

/** A value for a column that somebody writes. */
export function written(column: Column): fc.Arbitrary<Given> {
  const value = fc.oneof({ weight: 5, arbitrary: kept(column) }, changed(column));
  return column.required ? value : fc.oneof({ weight: 4, arbitrary: value }, fc.constant(null));
}

/** A value for a column in a condition: one that may be there, or one that never is. */
export function asked(column: Column): fc.Arbitrary<Operand> {
  if (column.kind === 'integer') {
    return fc.oneof({ weight: 5, arbitrary: kept(column) }, fc.constantFrom(7.5, 4, -0.5));
  }
  return fc.oneof({ weight: 5, arbitrary: kept(column) }, changed(column));
}

/** Patterns for LIKE. */
export const pattern: fc.Arbitrary<string> = fc.oneof(
  among(patterns),
  among(parts),
  among(names.filter((name) => !name.includes('\\'))),
);

/** Texts for startsWith, endsWith and substring, whose wildcards Sequelize leaves as they are. */
export const part: fc.Arbitrary<string> = among(parts);

/** Expressions that PostgreSQL and JavaScript read alike. */
export const regexp: fc.Arbitrary<string> = among(regexps);

/** Lower-case texts. */
export const lowerText: fc.Arbitrary<string> = among([
  'foo',
  'a',
  'éa',
  'x',
  'x ',
  'abc',
  'f%',
  '%a',
]);

/** The values of a new record, without what is left out. */
export function values(
  name: ModelName,
  columns: readonly Column[],
): fc.Arbitrary<Record<string, Given>> {
  const each = columns.map((column): [string, fc.Arbitrary<Given | undefined>] => [
    column.attribute,
    columnOf(name, column.attribute).required
      ? written(column)
      : fc.option(written(column), { nil: undefined, freq: 2 }),
  ]);
  return fc.record(Object.fromEntries(each)).map((record) => {
    const given = Object.entries(record).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as Record<string, Given>;
  });
}
