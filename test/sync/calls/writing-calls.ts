import { method, type Call } from './reading-calls';

const three = [{ name: 'A' }, { name: 'B' }, { name: 'C' }];

const writingCallsTable: readonly [string, string, Call['run']][] = [
  ['`create()`', 'one record', ({ models }) => models.Organisation.create({ name: 'New' })],
  [
    '`create({ … }, { include })`: one child',
    'the record, then its child',
    ({ models }) =>
      models.Organisation.create({ name: 'New', contacts: [{ lastName: 'New' }] } as never, {
        include: ['contacts'],
      }),
  ],
  [
    '`bulkCreate()`: three records',
    'the records',
    ({ models }) => models.Organisation.bulkCreate(three),
  ],
  [
    '`bulkCreate({ ignoreDuplicates })`: three records',
    'the records that are new',
    ({ models }) => models.Organisation.bulkCreate(three, { ignoreDuplicates: true }),
  ],
  [
    '`bulkCreate({ updateOnDuplicate })`: one is here',
    'what has changed, and what is new',
    ({ models, foundry }) =>
      models.Organisation.bulkCreate([{ id: foundry.id, name: 'Renamed' }, ...three], {
        updateOnDuplicate: ['name'],
      }),
  ],
  [
    '`save()`, `instance.update()` of mapped columns',
    'the changed fields',
    ({ foundry }) => foundry.update({ employees: 12 }),
  ],
  [
    '`save()`, `instance.update()` of other columns only',
    'nothing',
    ({ foundry }) => foundry.update({ internalNote: 'kept here' }),
  ],
  ['`save()` that changes nothing', 'nothing', ({ foundry }) => foundry.save()],
  [
    '`Model.update()`: two rows',
    'the changed fields of each',
    ({ models }) =>
      models.Organisation.update(
        { employees: 12 },
        { where: { name: ['Fictional Foundry', 'Fictional Forge'] } },
      ),
  ],
  [
    '`Model.update({ limit: 1 })`',
    'the changed fields',
    ({ models }) =>
      models.Organisation.update({ employees: 12 }, { where: { employees: 10 }, limit: 1 }),
  ],
  [
    '`upsert()`: here already',
    'the changed fields',
    ({ models, foundry }) => models.Organisation.upsert({ id: foundry.id, name: 'Renamed' }),
  ],
  ['`upsert()`: new', 'one record', ({ models }) => models.Organisation.upsert({ name: 'New' })],
  [
    '`instance.increment()`, `instance.decrement()`',
    'the sum',
    ({ foundry }) => foundry.increment('employees'),
  ],
  [
    '`Model.increment()`, `Model.decrement()`: one row',
    'the sum',
    ({ models }) => models.Organisation.increment('employees', { where: { employees: 10 } }),
  ],
  ['`instance.destroy()`', 'a delete, before COMMIT', ({ ben }) => ben.destroy()],
  [
    '`Model.destroy()`: one row',
    'a delete, before COMMIT',
    ({ models }) => models.Contact.destroy({ where: { lastName: 'Specimen' } }),
  ],
  ['`Model.truncate()`', 'refused', ({ models }) => models.Interaction.truncate()],
  [
    '`findOrCreate()`: found',
    'the condition',
    ({ models }) => models.Organisation.findOrCreate({ where: { employees: 10 } }),
  ],
  [
    '`findOrCreate()`: created',
    'the condition, then one record',
    ({ models }) =>
      models.Organisation.findOrCreate({ where: { employees: 33 }, defaults: { name: 'New' } }),
  ],
  [
    '`findCreateFind()`: created',
    'the condition, then one record',
    ({ models }) =>
      models.Organisation.findCreateFind({ where: { employees: 33 }, defaults: { name: 'New' } }),
  ],
  [
    '`organisation.createContact()` (has many, has one)',
    'one record',
    ({ foundry }) => foundry.createContact({ lastName: 'New' }),
  ],
  [
    '`organisation.setSector()` (belongs to)',
    'the reference',
    ({ forge, steel }) => forge.setSector(steel),
  ],
  [
    '`organisation.addContact()` (has many)',
    'the reference of the contact',
    ({ forge, ben }) => method(forge, 'addContact', ben),
  ],
  [
    '`organisation.setContacts()` (has many): one fewer',
    'the references that change',
    ({ foundry, ada }) => method(foundry, 'setContacts', [ada]),
  ],
  [
    '`organisation.removeContact()` (has many)',
    'the reference of the contact',
    ({ foundry, ben }) => method(foundry, 'removeContact', ben),
  ],
  ['`contact.addOrder()` (many to many)', 'one link', ({ ben, spare }) => ben.addOrder(spare)],
  [
    '`contact.setOrders()` (many to many)',
    'the links that change',
    ({ ada, spare }) => ada.setOrders([spare]),
  ],
  [
    '`contact.removeOrder()` (many to many)',
    'the link',
    ({ ada, order }) => ada.removeOrder(order),
  ],
  [
    '`contact.createOrder()` (many to many)',
    'one record, then one link',
    ({ ada }) => method(ada, 'createOrder', { orderNumber: 'F-3' }),
  ],
];

export const writingCalls = writingCallsTable.map(([name, translated, run]): Call => ({
  name,
  translated,
  run,
}));
