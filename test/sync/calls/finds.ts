import { col, fn, literal, Op } from 'sequelize';
import { datePart } from '../../../src';
import type { Stage } from './stage';

const contacts = { association: 'contacts' };

/** Reads of organisations, each in an order that is total. */
export const finds: readonly [string, (stage: Stage) => object][] = [
  [
    'an order by an association',
    () => ({
      include: ['sector'],
      order: [
        ['sector', 'name', 'DESC NULLS LAST'],
        ['name', 'ASC'],
      ],
    }),
  ],
  [
    'an order by a nested association',
    () => ({
      include: [{ ...contacts, include: ['orders'] }],
      order: [
        ['name', 'ASC'],
        ['contacts', 'lastName', 'DESC'],
      ],
    }),
  ],
  [
    'an order by a column and an expression',
    () => ({ order: [[fn('length', col('name')), 'DESC'], literal('name')] }),
  ],
  [
    'a page of an order by a number that allows null',
    () => ({ order: [['employees', 'ASC NULLS FIRST']], limit: 2 }),
  ],
  [
    'group and having',
    () => ({
      attributes: ['sectorId', [fn('COUNT', col('id')), 'n']],
      group: ['sectorId'],
      having: literal('count(*) > 0 AND sector_id IS NOT NULL'),
      raw: true,
    }),
  ],
  [
    'distinct values',
    () => ({
      attributes: [[fn('DISTINCT', col('employees')), 'employees']],
      order: [[col('employees'), 'ASC']],
      raw: true,
    }),
  ],
  [
    'aggregates with attributes',
    () => ({
      attributes: [
        'sectorId',
        [fn('SUM', col('employees')), 'sum'],
        [fn('MIN', col('name')), 'first'],
        [fn('MAX', col('employees')), 'most'],
      ],
      group: ['sectorId'],
      order: [['sectorId', 'ASC']],
      raw: true,
    }),
  ],
  [
    'raw and nested',
    () => ({
      raw: true,
      nest: true,
      include: ['sector', 'contacts'],
      order: ['name', ['contacts', 'lastName', 'ASC']],
    }),
  ],
  ['paranoid: false', () => ({ paranoid: false, order: ['name'] })],
  [
    'a separate include with a limit and an order',
    () => ({
      include: [{ ...contacts, separate: true, limit: 1, order: [['lastName', 'DESC']] }],
      order: ['name'],
    }),
  ],
  [
    'an include where, not required',
    () => ({
      include: [{ ...contacts, where: { lastName: 'Example' }, required: false }],
      order: ['name'],
    }),
  ],
  [
    'a nested required include',
    () => ({
      include: [
        { ...contacts, required: true, include: [{ association: 'orders', required: true }] },
      ],
      order: ['name'],
    }),
  ],
  [
    'a nested include where, below one that is not required',
    () => ({
      include: [
        {
          ...contacts,
          required: false,
          include: [{ association: 'orders', where: { orderNumber: 'F-1' } }],
        },
      ],
      order: ['name'],
    }),
  ],
  [
    'attributes of a through',
    () => ({
      include: [
        { ...contacts, include: [{ association: 'orders', through: { attributes: ['id'] } }] },
      ],
      order: ['name', ['contacts', 'lastName', 'ASC']],
    }),
  ],
  [
    'a where on a through',
    () => ({
      include: [
        {
          ...contacts,
          include: [{ association: 'orders', through: { where: { id: { [Op.ne]: null } } } }],
        },
      ],
      order: ['name', ['contacts', 'lastName', 'ASC']],
    }),
  ],
  [
    'a nested column in where, of a parent',
    () => ({ where: { '$sector.name$': 'Steel' }, include: ['sector'] }),
  ],
  [
    'a nested column in where, negated',
    () => ({ where: { '$sector.name$': { [Op.is]: null } }, include: ['sector'] }),
  ],
  [
    'a nested column in where, under or',
    () => ({
      where: { [Op.or]: [{ '$contacts.last_name$': 'Example' }, { employees: 20 }] },
      include: ['contacts'],
      order: ['name'],
    }),
  ],
  [
    'a limit with includes',
    () => ({ include: ['contacts', 'sector'], limit: 1, order: [['createdAt', 'DESC']] }),
  ],
  [
    'a limit with includes, without a sub-query',
    () => ({
      include: ['contacts'],
      limit: 1,
      subQuery: false,
      order: [
        ['createdAt', 'ASC'],
        ['contacts', 'lastName', 'ASC'],
      ],
    }),
  ],
  [
    'a limit with a required include',
    () => ({ include: [{ ...contacts, required: true }], limit: 1, order: ['createdAt'] }),
  ],
  [
    'a part of a date',
    () => ({ where: datePart('year', 'createdAt', { [Op.gte]: 2026 }), order: ['name'] }),
  ],
  [
    'parts of dates in a tree',
    () => ({
      where: {
        [Op.or]: [
          { [Op.not]: datePart('month', 'createdAt', 1) },
          datePart('second', 'createdAt', [2, 3]),
        ],
      },
    }),
  ],
  [
    'a part of a date in an include',
    () => ({
      include: [{ ...contacts, where: datePart('day', 'createdAt', 1) }],
      order: ['name', ['contacts', 'lastName', 'ASC']],
    }),
  ],
  [
    'a sub-query',
    ({ foundry }) => ({
      where: {
        id: {
          [Op.in]: literal(
            `(SELECT organisation_id FROM contacts WHERE organisation_id = '${foundry.id}')`,
          ),
        },
      },
    }),
  ],
  [
    'a function in where',
    ({ world }) => ({ where: world.sequelize.where(fn('lower', col('name')), 'fictional forge') }),
  ],
  [
    'an array of a long list under or',
    () => ({
      where: {
        [Op.or]: [{ employees: Array.from({ length: 900 }, (_, n) => n) }, { name: 'Nobody' }],
      },
      order: ['name'],
    }),
  ],
  [
    'a long list under not',
    () => ({ where: { [Op.not]: { employees: Array.from({ length: 900 }, (_, n) => n + 15) } } }),
  ],
  [
    'two long lists',
    () => ({
      where: {
        employees: Array.from({ length: 900 }, (_, n) => n),
        name: Array.from({ length: 300 }, (_, n) => `Fictional ${n ? n : 'Forge'}`),
      },
    }),
  ],
  [
    'a text of many characters',
    () => ({ where: { [Op.or]: [{ name: 'x'.repeat(5000) }, { employees: 20 }] } }),
  ],
];
