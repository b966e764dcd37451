import { col, DataTypes, fn, literal, Op, Sequelize, where, type WhereOptions } from 'sequelize';
import { createDialect } from '../../../legacy-client/dialects';
import type { DialectName } from '../../../legacy-client';
import { buildRegistry, defineMigrator, field } from '../../../src/mapping';
import { datePart } from '../../../src/model/date-part';
import { boundOfWhere } from '../../../src/sync/query/where';

const dialects: readonly DialectName[] = ['dynamics2011', 'dataverse', 'odata2', 'odata4'];

const types: Readonly<Record<string, string>> = {
  title: 'text',
  size: 'integer',
  price: 'numeric(10,2)',
  truth: 'boolean',
  at: 'timestamp with time zone',
  day: 'date',
  kind: 'integer',
};

const conditions: readonly [string, unknown][] = [
  ['`eq`, `in`, `or` of values: numbers, truths, options, references, keys', { size: [1, 2] }],
  ['`eq`, `in`: days', { day: '2026-11-21' }],
  ['`eq`, `in`: instants', { at: new Date('2026-11-21T12:00:00Z') }],
  ['`eq`, ranges: decimals that the column rounds', { price: '12.50' }],
  ['`eq`, `in`: texts', { title: 'Fictional' }],
  ['`ne`, `notIn`, `not`: numbers, truths, options, references', { size: { [Op.ne]: 1 } }],
  ['`ne`, `notIn`: days', { day: { [Op.ne]: '2026-11-21' } }],
  [
    '`ne`, `notIn`: more than 20 values',
    { size: { [Op.notIn]: Array.from({ length: 21 }, (_, n) => n) } },
  ],
  ['`ne`, `notIn`: texts', { title: { [Op.ne]: 'Fictional' } }],
  [
    '`gt`, `gte`, `lt`, `lte`, `between`, `notBetween`: numbers, days, instants',
    { size: { [Op.notBetween]: [1, 5] } },
  ],
  ['ranges of texts', { title: { [Op.gt]: 'A' } }],
  ['`is`, `not` with null', { title: { [Op.not]: null } }],
  ['`is`, `not` with true and false', { truth: { [Op.not]: true } }],
  ['`like`, `startsWith`, `endsWith`, `substring`', { title: { [Op.substring]: 'bcd' } }],
  ['`iLike`', { title: { [Op.iLike]: 'Abcd%' } }],
  ['`like`, `iLike` with `Op.any`, `Op.all`', { title: { [Op.like]: { [Op.any]: ['a%', 'b%'] } } }],
  ['`notLike`, `notILike`', { title: { [Op.notLike]: 'a%' } }],
  ['`regexp`, `iRegexp` of plain letters', { title: { [Op.regexp]: '^Fictional' } }],
  ['other regular expressions, and their negations', { title: { [Op.regexp]: '^F.*l$' } }],
  ["`datePart('year', …)`", datePart('year', 'at', 1998)],
  ["`datePart('month', …)` and smaller parts", datePart('month', 'at', 12)],
  ["`where(col('size'), …)`", where(col('size'), Op.gt as never, 5)],
  ["`where(fn('lower', col('title')), …)`", where(fn('lower', col('title')), 'abcd')],
  ['`literal`, other `fn`, `cast`, `json`', literal('size > 5')],
  ['`Op.col`', { size: { [Op.gt]: { [Op.col]: 'kind' } } }],
  ['`$association.attribute$`', { '$parent.title$': 'Fictional' }],
  ['attributes that are not mapped, JSON paths, arrays, ranges', { 'meta.n': 2 }],
  ['`not` of any of these', { [Op.not]: { size: { [Op.gt]: 5 } } }],
  ['`or` with a part that is local', { [Op.or]: [{ size: 5 }, { meta: null }] }],
  ['`and` with a part that is local', { size: 5, meta: null }],
];

/** One row for each operator: what becomes of it on each dialect. */
export function operatorRows(): string[][] {
  return conditions.map(([name, condition]) => [
    name,
    ...dialects.map((dialect) => verdict(dialect, condition as WhereOptions)),
  ]);
}

function verdict(name: DialectName, condition: WhereOptions): string {
  const dialect = createDialect(name);
  const mapping = mappings.get(name);
  if (!mapping) throw new Error(`${name} has no mapping.`);
  const bound = boundOfWhere(
    {
      ...{ mapping, dialect, timezone: '+00:00' },
      typeOf: (_mapping, column) => types[column],
      keyOf: () => undefined,
    },
    condition,
  );
  if (bound.exact) return 'exact';
  const { filter } = bound;
  if (typeof filter === 'string') return 'local';
  const isPresence = filter.op === 'ne' && filter.value === null;
  return isPresence ? 'not null' : 'wider';
}

const Thing = new Sequelize('postgres://nowhere.invalid').define('Thing', {
  title: DataTypes.TEXT,
  size: DataTypes.INTEGER,
  price: DataTypes.DECIMAL(10, 2),
  truth: DataTypes.BOOLEAN,
  at: DataTypes.DATE,
  day: DataTypes.DATEONLY,
  kind: DataTypes.INTEGER,
  meta: DataTypes.JSONB,
});
const migrator = defineMigrator(Thing, {
  ...{ entitySet: 'Things', key: 'Id', modifiedOn: null, createdOn: null },
  fields: {
    title: field.string('Title'),
    size: field.integer('Size'),
    price: field.money('Price'),
    truth: field.boolean('Truth'),
    at: field.dateTime('At'),
    day: field.dateOnly('Day'),
    kind: field.optionSet('Kind'),
  },
});
const mappings = new Map(
  dialects.map((name) => [name, buildRegistry([migrator], createDialect(name)).get('Thing')]),
);
