import { DataTypes, Op, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { datePart, type DatePartComparison, type PartOfDate } from '../../src';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

let database: TestDatabase;
let sequelize: Sequelize;
let Event: ModelStatic<Model>;

beforeAll(async () => {
  database = await createTestDatabase();
  sequelize = openSequelize(database, { timezone: '+05:00' });
  Event = sequelize.define(
    'Event',
    {
      name: DataTypes.TEXT,
      at: { type: DataTypes.DATE, field: 'happened_at' },
      day: DataTypes.DATEONLY,
    },
    { timestamps: false },
  );
  const Note = sequelize.define('Note', { at: DataTypes.DATE }, { timestamps: false });
  Event.hasMany(Note, { as: 'notes' });
  await sequelize.sync();
  await Event.bulkCreate([
    { name: 'a', at: new Date('1998-12-31T23:30:15.900Z'), day: '1998-12-31' },
    { name: 'b', at: new Date('1999-01-01T00:00:00Z'), day: '2020-02-29' },
    { name: 'c', at: null, day: null },
  ]);
  await Note.create({ at: new Date('2001-05-05T00:00:00Z'), EventId: 1 });
});

afterAll(async () => {
  await sequelize.close();
  await database.drop();
});

const found = async (where: object): Promise<string> => {
  const rows = await Event.findAll({ where: where as never, order: ['name'] });
  return rows.map((row) => String(row.get('name'))).join('');
};

it.each<[PartOfDate, string, DatePartComparison, string]>([
  ['year', 'at', 1998, 'a'],
  ['year', 'at', { [Op.gte]: 1998, [Op.lt]: 2000 }, 'ab'],
  ['month', 'at', [1, 2], 'b'],
  ['day', 'at', { [Op.between]: [30, 31] }, 'a'],
  ['hour', 'at', { [Op.ne]: 23 }, 'b'],
  ['minute', 'at', { [Op.notIn]: [0] }, 'a'],
  ['second', 'at', 15, 'a'],
  ['year', 'at', null, 'c'],
  ['year', 'at', { [Op.not]: null }, 'ab'],
  ['day', 'day', 29, 'b'],
  ['hour', 'day', 0, 'ab'],
  ['year', 'day', { [Op.or]: [1998, { [Op.gt]: 2019 }] }, 'ab'],
])('the %s of %s', async (part, attribute, comparison, names) => {
  expect(await found(datePart(part, attribute, comparison))).toBe(names);
});

test('a part of a date stands wherever a condition may', async () => {
  const year = datePart('year', 'at', 1998);
  expect(await found({ [Op.not]: year })).toBe('b');
  expect(await found({ [Op.or]: [year, { name: 'c' }] })).toBe('ac');
  expect(await found({ [Op.and]: [year, { name: 'b' }] })).toBe('');
  expect(await Event.count({ where: year })).toBe(1);
  const include = [{ association: 'notes', where: datePart('month', 'at', 5) }];
  expect(await Event.findAll({ include })).toHaveLength(1);
  expect(await Event.update({ name: 'a' }, { where: year })).toEqual([1]);
});

test('what is no part and no comparison is refused', () => {
  expect(() => datePart('week' as never, 'at', 1)).toThrow(/not week/);
  expect(() => datePart('year', 'at', '1998' as never)).toThrow(TypeError);
  expect(() => datePart('year', 'at', { [Op.like]: 1 } as never)).toThrow(/compares with numbers/);
  expect(() => datePart('year', 'at', { [Op.notIn]: [] })).toThrow(TypeError);
});
