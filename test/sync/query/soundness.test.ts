import * as fc from 'fast-check';
import {
  cast,
  col,
  fn,
  literal,
  Op,
  where as sqlWhere,
  type Sequelize,
  type WhereOptions,
} from 'sequelize';
import { createDialect } from '../../../legacy-client/dialects';
import type { Dialect, DialectName } from '../../../legacy-client';
import { datePart } from '../../../src/model/date-part';
import type { QueryContext } from '../../../src/sync/query/subject';
import { boundOfWhere } from '../../../src/sync/query/where';
import { createTestDatabase, openSequelize, type TestDatabase } from '../../support/database';
import { matches, type ServerWays } from './odd-server';
import { oddTexts, openShelf, type Shelf } from './shelf';

/** More of them look further: `SOUNDNESS_RUNS=5000`. */
const numRuns = Number(process.env.SOUNDNESS_RUNS ?? 300);

const dialects: DialectName[] = ['dynamics2011', 'dataverse', 'odata2', 'odata4'];

const day = fc.constantFrom('1998-12-31', '1999-01-01', '2020-02-29', '2020-03-01');
const instant = fc.constantFrom<Date | string | number>(
  new Date('1999-01-01T00:00:00Z'),
  new Date('2026-07-01T12:34:56Z'),
  new Date('2026-07-01T12:34:56.500Z'),
  new Date('2020-02-29T12:34:56.001Z'),
  '2020-02-29T13:34:56+01:00',
  '2020-02-29',
  946_684_800_000,
);
const number = fc.constantFrom<number | string | bigint>(
  ...[0, 5, -3, 10, 10.5, 11, 12.35, 12.345, 0.1, 1e21, -1e21, 2 ** 53, 3e9, 10n],
);
const numeral = fc.constantFrom<number | string>(
  '5',
  '12.35',
  '-1.5',
  12.35,
  10.5,
  99.99,
  100,
  0.1,
);
const whole = fc.constantFrom<number | string>(1, 2, 3, 8, '5', 10, -5);
const text = fc.constantFrom(...oddTexts, 'a\ud800', 'x'.repeat(400), '日'.repeat(90));

/** What each attribute may sensibly be compared with. */
const values: Record<string, fc.Arbitrary<unknown>> = {
  title: text,
  note: text,
  code: text,
  loose: text,
  size: fc.oneof(number, whole),
  small: fc.oneof(number, whole),
  big: fc.oneof(number, whole),
  price: fc.oneof(number, numeral),
  exact: fc.oneof(number, numeral),
  rounded: fc.oneof(number, whole),
  ratio: fc.oneof(number, numeral),
  real: fc.oneof(number, numeral),
  truth: fc.constantFrom<unknown>(true, false, 'true'),
  at: instant,
  coarse: instant,
  day: fc.oneof(day, fc.constant(new Date('2020-02-29T12:00:00Z'))),
  kind: whole,
  colour: fc.constantFrom('red', 'green', 'blue', 'dark blue', 'pink'),
  token: fc.constantFrom(
    '00000000-0000-4000-8000-00000000000A',
    '{00000000-0000-4000-8000-00000000000a}',
    '11111111-1111-4111-8111-111111111111',
  ),
  parentId: fc.constantFrom<unknown>(1, '2', 77),
  id: fc.constantFrom<unknown>(1, '2', 7777),
  legacyId: fc.constantFrom('11111111-1111-4111-8111-111111111111'),
  local: fc.constantFrom(0, 1),
};
const textual = ['title', 'note', 'code', 'loose', 'colour'];
const unordered = ['truth', 'token', 'legacyId', 'parentId', 'id', 'colour'];

const pattern = fc.oneof(
  text,
  fc
    .tuple(fc.constantFrom('', '%', '_'), text, fc.constantFrom('', '%', '_%'))
    .map((all) => all.join('')),
  fc.tuple(text, text).map(([one, other]) => `${one}%${other}`),
);

function comparisonOf(attribute: string): fc.Arbitrary<unknown> {
  const one = values[attribute] ?? fc.constant(null);
  const maybe = fc.oneof(
    { weight: 5, arbitrary: one },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const list = fc.array(maybe, { maxLength: 4 });
  const all: fc.Arbitrary<unknown>[] = [
    one,
    fc.constant(null),
    list,
    maybe.map((value) => ({ [Op.eq]: value })),
    maybe.map((value) => ({ [Op.ne]: value })),
    maybe.map((value) => ({ [Op.not]: value })),
    list.map((value) => ({ [Op.not]: value })),
    list.map((value) => ({ [Op.in]: value })),
    list.map((value) => ({ [Op.notIn]: value })),
    fc.array(one, { minLength: 1, maxLength: 3 }).map((value) => ({ [Op.or]: value })),
    fc.array(one, { maxLength: 2 }).map((value) => ({ [Op.or]: value, [Op.ne]: null })),
    fc.tuple(one, maybe).map(([first, second]) => ({ [Op.and]: [first, { [Op.ne]: second }] })),
  ];
  if (!unordered.includes(attribute)) {
    for (const op of [Op.gt, Op.gte, Op.lt, Op.lte])
      all.push(maybe.map((value) => ({ [op]: value })));
    all.push(fc.tuple(maybe, maybe).map((value) => ({ [Op.between]: value })));
    all.push(fc.tuple(maybe, maybe).map((value) => ({ [Op.notBetween]: value })));
    all.push(fc.tuple(one, one).map(([low, high]) => ({ [Op.gte]: low, [Op.lt]: high })));
  }
  if (textual.includes(attribute)) {
    for (const op of [Op.like, Op.notLike, Op.iLike, Op.notILike])
      all.push(pattern.map((value) => ({ [op]: value })));
    for (const op of [Op.startsWith, Op.endsWith, Op.substring])
      all.push(text.map((value) => ({ [op]: value })));
    for (const op of [Op.regexp, Op.iRegexp, Op.notRegexp, Op.notIRegexp]) {
      all.push(
        fc
          .constantFrom('abc', '^abc$', 'ilo', '^a.c', '(?i)x', 'ABC ')
          .map((value) => ({ [op]: value })),
      );
    }
    const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
    all.push(patterns.map((value) => ({ [Op.like]: { [Op.any]: value } })));
    all.push(patterns.map((value) => ({ [Op.iLike]: { [Op.all]: value } })));
  }
  return fc.oneof(...all);
}

const attributeLeaf = fc
  .constantFrom(...Object.keys(values))
  .chain((attribute) => comparisonOf(attribute).map((value) => ({ [attribute]: value })));

const parts = fc.tuple(
  fc.constantFrom('year', 'month', 'day', 'hour', 'minute', 'second'),
  fc.constantFrom('at', 'day'),
  fc.oneof(
    fc.constantFrom<unknown>(1998, 1999, 2020, 12, 2, 29, 0, 56, 10.5, 20_000, null, [
      1999,
      12,
      null,
    ]),
    fc
      .tuple(
        fc.constantFrom(Op.gt, Op.gte, Op.lt, Op.lte, Op.ne),
        fc.constantFrom(1999, 2, 28.5, -4, 12_000),
      )
      .map(([op, value]) => ({ [op]: value })),
    fc.constant({ [Op.between]: [2, 1999] }),
    fc.constant({ [Op.notBetween]: [2, 1999] }),
    fc.constant({ [Op.not]: [12, 1999] }),
    fc.constant({ [Op.or]: [2, { [Op.gt]: 2019 }] }),
  ),
);
const partLeaf = parts.map(([part, attribute, comparison]) =>
  datePart(part as 'year', attribute, comparison as number),
);

const sqlLeaf: fc.Arbitrary<unknown> = fc.oneof(
  text.map((value) => sqlWhere(fn('lower', col('note')), value.toLowerCase())),
  text.map((value) => sqlWhere(fn('upper', col('title')), value.toUpperCase())),
  fc
    .tuple(fc.constantFrom('=', '>', '<=', '!='), whole)
    .map(([op, value]) => sqlWhere(col('thing_size'), op, value as never)),
  text.map((value) => sqlWhere(col('Thing.note'), Op.eq as never, value)),
  instant.map((value) => sqlWhere(col('at_time'), Op.lt as never, value as never)),
  fc.constant(sqlWhere(col('price'), { [Op.gt]: 5 } as never)),
  fc.constant(sqlWhere(cast(col('thing_size'), 'text'), '5')),
  fc.constant(literal('thing_size > 3')),
  fc.constant({ size: { [Op.gt]: { [Op.col]: 'small' } } }),
  fc.constant({ note: { [Op.eq]: { [Op.col]: 'title' } } }),
  fc.constant({ size: { [Op.eq]: { [Op.any]: [5, 10] } } }),
  fc.constant({ size: { [Op.any]: [5, 10] } }),
  fc.constant({ size: literal('small') }),
  fc.constant({ size: { [Op.in]: literal('(SELECT 5)') } }),
  fc.constant({ size: { [Op.in]: [5, literal('10')] } }),
  fc.constant({ thing_size: 5 }),
  fc.constant({ tags: { [Op.contains]: ['t1'] } }),
  fc.constant({ tags: { [Op.overlap]: ['t1', 't2'] } }),
  fc.constant({ tags: ['a', 't1'] }),
  fc.constant({ meta: { n: 2 } }),
  fc.constant({ 'meta.n': 2 }),
  fc.constant({ meta: { n: { [Op.gt]: 2 } } }),
  fc.constant({ meta: {} }),
  fc.constant({}),
);

const leaf = fc.oneof(
  { weight: 10, arbitrary: attributeLeaf },
  { weight: 2, arbitrary: partLeaf },
  { weight: 2, arbitrary: sqlLeaf },
);
const { tree } = fc.letrec<{ tree: object }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf as fc.Arbitrary<object>,
    fc.array(tie('tree'), { maxLength: 3 }).map((members) => ({ [Op.and]: members })),
    fc.array(tie('tree'), { maxLength: 3 }).map((members) => ({ [Op.or]: members })),
    tie('tree').map((member) => ({ [Op.not]: member })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 2 }).map((members) => ({ [Op.not]: members })),
    fc
      .tuple(attributeLeaf, attributeLeaf)
      .map(([one, other]) => ({ [Op.or]: { ...one, ...other } })),
    fc
      .tuple(attributeLeaf, attributeLeaf)
      .map(([one, other]) => ({ [Op.not]: { ...one, ...other } })),
  ),
}));

describe.each(dialects)('bounds of conditions on %s', (name) => {
  let database: TestDatabase;
  let sequelize: Sequelize;
  let shelf: Shelf;
  let dialect: Dialect;

  beforeAll(async () => {
    database = await createTestDatabase();
    sequelize = openSequelize(database, { logging: false });
    dialect = createDialect(name);
    shelf = await openShelf(sequelize, dialect);
  });
  afterAll(async () => {
    await sequelize.close();
    await database.drop();
  });

  /** The ways in which servers of the family may differ. */
  const ways = (): ServerWays[] =>
    [true, false].flatMap((nullsDiffer) =>
      (dialect.caseInsensitiveStrings ? [true] : [true, false]).flatMap((loose) =>
        [true, false].map((lowersAsciiOnly) => ({ nullsDiffer, loose, lowersAsciiOnly })),
      ),
    );

  const context = (): QueryContext => ({
    mapping: shelf.mapping,
    dialect,
    timezone: '+00:00',
    typeOf: (_mapping, column) => shelf.types.get(column),
    keyOf: (mapping, id) => {
      if (mapping.name === 'Parent') return shelf.parents[Number(id) - 1];
      return shelf.records.get(Number(id))?.ThingId as string | undefined;
    },
  });

  /** What PostgreSQL finds; undefined where it, or Sequelize, refuses the condition. */
  const found = async (where: WhereOptions): Promise<number[] | undefined> => {
    try {
      const rows = await shelf.Thing.findAll({ where, attributes: ['id'], raw: true });
      return rows.map((row) => (row as unknown as { id: number }).id).sort((a, b) => a - b);
    } catch {
      return undefined;
    }
  };

  it('hold every record that a condition matches, and no other where they are exact', async () => {
    const seen = { compared: 0, exact: 0, bounded: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(tree, async (where) => {
        const bound = boundOfWhere(context(), where as WhereOptions);
        const expected = await found(where as WhereOptions);
        if (!expected) {
          seen.refused += 1;
          return;
        }
        seen.compared += 1;
        if (bound.exact) seen.exact += 1;
        if (bound.filter !== 'all') seen.bounded += 1;
        for (const way of ways()) {
          const { filter } = bound;
          const sent = [...shelf.records].flatMap(([id, record]) => {
            if (typeof filter === 'string') return filter === 'all' ? [id] : [];
            return matches(way, filter, record) ? [id] : [];
          });
          if (bound.exact) expect(sent).toEqual(expected);
          else expect(sent).toEqual(expect.arrayContaining(expected));
        }
        if (typeof bound.filter !== 'string') expect(dialect.filter(bound.filter)).not.toBe('');
      }),
      { numRuns },
    );
    expect(seen.compared / numRuns).toBeGreaterThan(0.6);
    expect(seen.exact / numRuns).toBeGreaterThan(0.1);
    expect(seen.bounded / numRuns).toBeGreaterThan(0.2);
  }, 120_000);
});
