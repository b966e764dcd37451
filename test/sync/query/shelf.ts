import { randomUUID } from 'node:crypto';
import { DataTypes, Sequelize, type Model, type ModelStatic } from 'sequelize';
import { field, defineMigrator, buildRegistry, type Mapping } from '../../../src/mapping';
import type { Dialect, LegacyValue } from '../../../legacy-client';
import { microsecondsOf, type Kept, type KeptRecord } from './odd-server';

/** A model with a column of every type, and its rows as the records' values are kept here. */
export interface Shelf {
  readonly Thing: ModelStatic<Model>;
  readonly mapping: Mapping;
  /** The types of the table's columns. */
  readonly types: ReadonlyMap<string, string>;
  /** By local primary key. */
  readonly records: ReadonlyMap<number, KeptRecord>;
  readonly parents: readonly string[];
}

export const oddTexts = [
  '',
  ' ',
  'abc',
  'ABC',
  'Abc ',
  ' abc',
  "O'Brien",
  '100%',
  '100 percent',
  'a_b',
  'axb',
  'a[b]c',
  'a^c',
  'Söhne',
  'SÖHNE',
  'Sohne',
  'kilo',
  'KILO',
  '\u212Ailo',
  'istanbul',
  'İSTANBUL',
  'ISTANBUL',
  'ıstanbul',
  'ß',
  'SS',
  '日本',
  'tab\tbed',
  'back\\slash',
  '%',
  '_',
  '\ufffd',
  '😀 x',
  'é',
  'e\u0301',
];

const names = { red: 1, green: 2, blue: 3, 'dark blue': 3 };

/** Define the model, and make its table with records of odd values. */
export async function openShelf(sequelize: Sequelize, dialect: Dialect): Promise<Shelf> {
  const Parent = sequelize.define('Parent', { legacyId: DataTypes.UUID }, { timestamps: false });
  const Thing = sequelize.define(
    'Thing',
    {
      legacyId: DataTypes.UUID,
      title: { type: DataTypes.STRING, allowNull: false },
      note: DataTypes.TEXT,
      code: DataTypes.CHAR(12),
      loose: DataTypes.CITEXT,
      size: { type: DataTypes.INTEGER, field: 'thing_size' },
      small: { type: DataTypes.SMALLINT, allowNull: false },
      big: DataTypes.BIGINT,
      price: DataTypes.DECIMAL(10, 2),
      exact: DataTypes.DECIMAL,
      rounded: DataTypes.INTEGER,
      ratio: DataTypes.DOUBLE,
      real: DataTypes.REAL,
      truth: DataTypes.BOOLEAN,
      at: { type: DataTypes.DATE, field: 'at_time' },
      coarse: DataTypes.DATE,
      day: DataTypes.DATEONLY,
      kind: DataTypes.INTEGER,
      colour: DataTypes.STRING,
      token: DataTypes.UUID,
      parentId: DataTypes.INTEGER,
      tags: DataTypes.ARRAY(DataTypes.TEXT),
      meta: DataTypes.JSONB,
      local: DataTypes.INTEGER,
    },
    { timestamps: false },
  );
  await sequelize.query('CREATE EXTENSION IF NOT EXISTS citext');
  await sequelize.sync();
  await sequelize.query(
    'ALTER TABLE "Things" ALTER COLUMN coarse TYPE timestamptz(0) USING coarse',
  );
  const registry = buildRegistry(migratorsOf(Thing, Parent), dialect);
  const mapping = registry.get('Thing');
  if (!mapping) throw new Error('The shelf is not mapped.');
  const parents = [randomUUID(), randomUUID()];
  await Parent.bulkCreate(parents.map((legacyId) => ({ legacyId })));
  const records = oddRecords(dialect, parents);
  for (const [id, record] of records) await insert(Thing, { mapping, id, record, parents });
  return { Thing, mapping, types: await typesOf(sequelize), records, parents };
}

function migratorsOf(Thing: ModelStatic<Model>, Parent: ModelStatic<Model>) {
  const key = {
    entitySet: 'Parents',
    key: 'ParentId',
    modifiedOn: null,
    createdOn: null,
    fields: {},
  };
  return [
    defineMigrator(Parent, key),
    defineMigrator(Thing, {
      ...{ entitySet: 'Things', key: 'ThingId', modifiedOn: null, createdOn: null },
      fields: {
        title: field.string('Title'),
        note: field.text('Note'),
        code: field.string('Code'),
        loose: field.string('Loose'),
        size: field.integer('Size'),
        small: field.integer('Small'),
        big: field.integer('Big'),
        price: field.money('Price'),
        exact: field.decimal('Exact'),
        rounded: field.decimal('Rounded'),
        ratio: field.decimal('Ratio'),
        real: field.decimal('Real'),
        truth: field.boolean('Truth'),
        at: field.dateTime('At'),
        coarse: field.dateTime('Coarse'),
        day: field.dateOnly('Day'),
        kind: field.optionSet('Kind'),
        colour: field.optionSet('Colour', names),
        token: field.guid('Token'),
        parentId: field.lookup('Parent', { model: 'Parent' }),
      },
    }),
  ];
}

async function typesOf(sequelize: Sequelize): Promise<Map<string, string>> {
  const [rows] = await sequelize.query(
    `SELECT attname AS name,
            CASE WHEN format_type(atttypid, NULL) ~ '^(numeric|time)'
                 THEN format_type(atttypid, atttypmod) ELSE format_type(atttypid, NULL) END AS type
       FROM pg_attribute WHERE attrelid = '"Things"'::regclass AND attnum > 0`,
  );
  return new Map((rows as { name: string; type: string }[]).map(({ name, type }) => [name, type]));
}

/** Values that are close to what conditions compare with; each record takes others of them. */
function oddRecords(dialect: Dialect, parents: readonly string[]): Map<number, KeptRecord> {
  const instants = [
    '1998-12-31T23:59:59Z',
    '1999-01-01T00:00:00Z',
    '2020-02-29T12:34:56Z',
    '2026-07-01T12:34:56.5Z',
    '9999-12-31T00:00:00Z',
  ];
  const finer = dialect.wholeSecondStamps ? [0n] : [0n, 300n, 999n];
  const at = (index: number): Kept => {
    const instant = pick(instants, index);
    if (instant === null) return null;
    const us = microsecondsOf(instant) + (pick(finer, index * 3) ?? 0n);
    return dialect.wholeSecondStamps ? us - (us % 1_000_000n) : us;
  };
  const day = (index: number): Kept => {
    const text = pick(['1998-12-31', '1999-01-01', '2020-02-29', '1900-01-01'], index);
    const later = dialect.daysAreInstants ? (pick([0n, 82_800_000_000n], index * 5) ?? 0n) : 0n;
    return text === null ? null : microsecondsOf(`${text}T00:00:00Z`) + later;
  };
  const text = (index: number): Kept => pick(oddTexts, index);
  return new Map(
    Array.from({ length: 70 }, (_, index) => [
      index + 1,
      {
        ThingId: randomUUID(),
        ...{ Title: text(index), Note: text(index * 7 + 3), Code: text(index * 5 + 1) },
        Loose: text(index * 11 + 2),
        Size: pick([0, 5, -3, 100, 10, 11], index),
        Small: pick([1, 2, 32767, -5], index) ?? 0,
        Big: pick([0, 2 ** 40, -(2 ** 53 - 1), 2 ** 53 - 1, 10], index * 3),
        Price: pick(['12.35', '12.3449', '12.345', '-1.5', '0', '99.995', '10.5'], index),
        Exact: pick(['12.35', '12.3500001', '-0.5', '0', '10.5'], index * 5),
        Rounded: pick(['9', '10', '-10', '11'], index),
        Ratio: pick(['0.1', '0.10000000000000000555', '10.5', '-3'], index),
        Real: pick(['0.1', '16777217', '10.5', '-3'], index * 3),
        Truth: pick([true, false], index),
        At: at(index),
        Coarse: at(index * 3 + 1),
        Day: day(index),
        Kind: pick([1, 3, 8], index),
        Colour: pick([1, 2, 3], index * 3),
        Token: pick(['00000000-0000-4000-8000-00000000000a', randomUUID()], index),
        Parent: pick(parents, index * 5),
      },
    ]),
  );
}

function pick<T>(values: readonly T[], index: number): T | null {
  return values[index % (values.length + 1)] ?? null;
}

interface Row {
  readonly mapping: Mapping;
  readonly id: number;
  readonly record: KeptRecord;
  readonly parents: readonly string[];
}

async function insert(
  Thing: ModelStatic<Model>,
  { mapping, id, record, parents }: Row,
): Promise<void> {
  const values: Record<string, unknown> = { id, legacyId: record.ThingId };
  for (const { attribute, property, target, fromLegacy } of mapping.attributes) {
    const value = decoded(property.kind, record[property.name] ?? null);
    values[attribute] = target
      ? value === null
        ? null
        : parents.indexOf(String(value)) + 1
      : fromLegacy(value);
  }
  await Thing.create({ ...values, local: id % 3, tags: ['a', `t${id % 4}`], meta: { n: id % 5 } });
}

/** What the client makes of a value on the wire. */
function decoded(kind: string, kept: Kept): LegacyValue {
  if (kept === null || typeof kept !== 'bigint') return kept;
  const instant = new Date(Number(kept / 1000n - (kept % 1000n < 0n ? 1n : 0n)));
  return kind === 'dateOnly' ? instant.toISOString().slice(0, 10) : instant;
}
