import { ContactOrder } from '../models';
import { defineMigrator, field } from '../src';

export const contactOrderMigrator = defineMigrator(ContactOrder, {
  entitySet: 'optevia_contactorderSet',
  key: 'optevia_contactorderId',
  logicalName: 'optevia_contactorder',
  fields: {
    contactId: field.lookup('optevia_Contact', { model: 'Contact' }),
    orderId: field.lookup('optevia_Order', { model: 'Order' }),
  },
});
