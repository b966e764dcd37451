import { col, fn, literal, Op } from 'sequelize';
import { datePart } from '../../../src';
import type { Stage } from './stage';

/** A row of the table: a call, what becomes of it, and how it is made. */
export interface Call {
  /** As it stands in the first column. */
  readonly name: string;
  /** The second column: what is sent. */
  readonly translated: string;
  readonly run: (stage: Stage) => Promise<unknown>;
}

const contacts = { association: 'contacts' };

const readingCallsTable: readonly [string, string, Call['run']][] = [
  ['`findAll()`', 'every record', ({ models }) => models.Organisation.findAll()],
  [
    '`findAll({ where })`: numbers, dates, truths, options, references',
    'the condition',
    ({ models }) => models.Organisation.findAll({ where: { employees: { [Op.gte]: 10 } } }),
  ],
  [
    '`findAll({ where })`: texts',
    'a wider condition',
    ({ models }) => models.Organisation.findAll({ where: { name: 'Fictional Forge' } }),
  ],
  [
    '`findAll({ where: datePart(…) })`',
    'a range of dates, or a function',
    ({ models }) => models.Organisation.findAll({ where: datePart('year', 'foundedOn', 1998) }),
  ],
  [
    "`findAll({ where: where(fn('lower', col('name')), …) })`",
    'a wider condition',
    ({ models, world }) =>
      models.Organisation.findAll({
        where: world.sequelize.where(fn('lower', col('name')), 'fictional forge'),
      }),
  ],
  [
    '`findAll({ where: literal(…) })`',
    'every record: nothing can be sent',
    ({ models }) => models.Organisation.findAll({ where: literal('employees > 5') }),
  ],
  [
    '`findAll({ where: { legacyId } })`',
    'the record by its key',
    ({ models, forge }) => models.Organisation.findAll({ where: { legacyId: forge.legacyId } }),
  ],
  [
    '`findAll({ where: { sectorId } })`: a reference',
    'the condition, local keys turned into legacy keys',
    ({ models, steel }) => models.Organisation.findAll({ where: { sectorId: steel.id } }),
  ],
  [
    '`findAll({ order, limit })`: stamps, numbers, dates',
    'the first records in that order',
    ({ models }) => models.Organisation.findAll({ order: [['createdAt', 'DESC']], limit: 1 }),
  ],
  [
    '`findAll({ order, limit })`: texts',
    'the condition; the limit is applied here',
    ({ models }) => models.Organisation.findAll({ order: ['name'], limit: 1 }),
  ],
  [
    '`findAll({ order, limit, offset })`',
    'the first records up to the end of the page',
    ({ models }) => models.Organisation.findAll({ order: ['createdAt'], limit: 1, offset: 1 }),
  ],
  [
    '`findAll({ order: random() })`',
    'the condition',
    ({ models }) => models.Organisation.findAll({ order: [fn('random')] }),
  ],
  [
    '`findAll({ attributes })`',
    'the condition',
    ({ models }) => models.Organisation.findAll({ attributes: ['name'] }),
  ],
  [
    '`findAll({ raw: true })`',
    'the condition',
    ({ models }) => models.Organisation.findAll({ raw: true }),
  ],
  [
    '`findAll({ group, having })`',
    'the condition',
    ({ models }) =>
      models.Organisation.findAll({
        attributes: ['sectorId'],
        group: ['sectorId'],
        having: literal('count(*) > 0'),
        raw: true,
      }),
  ],
  [
    '`findAll({ paranoid: false })`',
    'the condition',
    ({ models }) => models.Organisation.findAll({ paranoid: false }),
  ],
  [
    '`findAll({ lock, transaction })`',
    'the condition',
    ({ models, world }) =>
      world.sequelize.transaction((transaction) =>
        models.Organisation.findAll({ lock: true, transaction }),
      ),
  ],
  [
    '`findAll({ lock, skipLocked, transaction })`',
    'the condition',
    ({ models, world }) =>
      world.sequelize.transaction((transaction) =>
        models.Organisation.findAll({ lock: true, skipLocked: true, transaction }),
      ),
  ],
  [
    "`scope('name').findAll()`",
    'the condition of the scope',
    ({ models }) => {
      models.Organisation.addScope(
        'large',
        { where: { employees: { [Op.gt]: 15 } } },
        { override: true },
      );
      return models.Organisation.scope('large').findAll();
    },
  ],
  [
    '`findOne({ where })`',
    'the condition, the first record where that is exact',
    ({ models }) => models.Organisation.findOne({ where: { employees: 10 } }),
  ],
  [
    '`findByPk(id)`',
    'the record by its key',
    ({ models, forge }) => models.Organisation.findByPk(forge.id),
  ],
  [
    '`findByPk(id)`: no such row',
    'nothing',
    ({ models }) => models.Organisation.findByPk('00000000-0000-4000-8000-000000000000'),
  ],
  [
    '`findAndCountAll()`',
    'the condition, once for both',
    ({ models }) => models.Organisation.findAndCountAll({ where: { employees: { [Op.gt]: 5 } } }),
  ],
  [
    '`findAndCountAll({ limit })`',
    'the first records, and a count',
    ({ models }) => models.Organisation.findAndCountAll({ order: ['createdAt'], limit: 1 }),
  ],
  [
    '`count()`: an exact condition',
    'a count, where the service has one',
    ({ models }) => models.Organisation.count({ where: { employees: { [Op.gt]: 5 } } }),
  ],
  [
    '`count()`: any other',
    'the condition',
    ({ models }) => models.Organisation.count({ where: { name: { [Op.startsWith]: 'Fict' } } }),
  ],
  [
    '`sum()`, `min()`, `max()`, `aggregate()`',
    'the condition',
    ({ models }) => models.Organisation.sum('employees'),
  ],
  [
    '`include`: belongs to',
    'the condition; the targets by key',
    ({ models }) => models.Organisation.findAll({ include: ['sector'] }),
  ],
  [
    '`include`: has many, has one',
    'the condition; what refers to the records',
    ({ models }) => models.Organisation.findAll({ include: ['contacts'] }),
  ],
  [
    '`include`: many to many',
    'the condition; the links; the targets by key',
    ({ models }) => models.Contact.findAll({ include: ['orders'] }),
  ],
  [
    '`include`: nested',
    'one list more for each model and level',
    ({ models }) =>
      models.Organisation.findAll({ include: [{ ...contacts, include: ['interactions'] }] }),
  ],
  [
    '`include: { where }`: required',
    'the include first, where nothing else bounds the read',
    ({ models }) =>
      models.Organisation.findAll({ include: [{ ...contacts, where: { lastName: 'Example' } }] }),
  ],
  [
    '`include: { separate: true }`',
    'as without',
    ({ models }) =>
      models.Organisation.findAll({ include: [{ ...contacts, separate: true, limit: 1 }] }),
  ],
  [
    '`findAll({ include, limit })`',
    'the first records; what refers to them',
    ({ models }) =>
      models.Organisation.findAll({ include: ['contacts'], limit: 1, order: ['createdAt'] }),
  ],
  ['`instance.reload()`', 'the record by its key', ({ forge }) => forge.reload()],
  [
    '`contact.getOrganisation()` (belongs to)',
    'the record by its key',
    ({ ada }) => ada.getOrganisation(),
  ],
  [
    '`organisation.getContacts()` (has many, has one)',
    'what refers to the record',
    ({ foundry }) => foundry.getContacts(),
  ],
  [
    '`contact.getOrders()` (many to many)',
    'the links; the targets by key',
    ({ ada }) => ada.getOrders(),
  ],
  [
    '`organisation.countContacts()`',
    'what refers to the record',
    ({ foundry }) => method(foundry, 'countContacts'),
  ],
  [
    '`organisation.hasContact(contact)`',
    'what refers to the record',
    ({ foundry, ada }) => method(foundry, 'hasContact', ada),
  ],
  [
    '`contact.countOrders()`',
    'the links; the targets by key',
    ({ ada }) => method(ada, 'countOrders'),
  ],
  [
    '`contact.hasOrder(order)`',
    'the links; the targets by key',
    ({ ada, order }) => method(ada, 'hasOrder', order),
  ],
  [
    '`findOrBuild()`',
    'the condition',
    ({ models }) => models.Organisation.findOrBuild({ where: { employees: 10 } }),
  ],
  [
    '`refresh({ where })`',
    'the condition',
    ({ models }) => models.Organisation.refresh({ where: { employees: 10 } }),
  ],
  [
    '`explainSync(options)`',
    'nothing',
    ({ models }) => models.Organisation.explainSync({ where: { employees: 10 } }),
  ],
  [
    "any of these with `freshness: 'local'`",
    'nothing',
    ({ models }) => models.Organisation.findAll({ freshness: 'local' }),
  ],
  [
    'any of these with `skipLegacy`',
    'nothing',
    ({ models }) => models.Organisation.skipLegacy().findAll(),
  ],
];

export const readingCalls = readingCallsTable.map(([name, translated, run]): Call => ({
  name,
  translated,
  run,
}));

/** Call a method that Sequelize mixes in and the models do not declare. */
export function method(instance: object, name: string, ...values: unknown[]): Promise<unknown> {
  const methods = instance as Record<string, (...given: unknown[]) => Promise<unknown>>;
  const own = methods[name];
  if (!own) throw new Error(`There is no ${name}.`);
  return own.apply(instance, values);
}
