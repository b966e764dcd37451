import { Order } from '../models';
import { defineMigrator, field } from '../src';

export const orderMigrator = defineMigrator(Order, {
  entitySet: 'SalesOrderSet',
  key: 'SalesOrderId',
  logicalName: 'salesorder',
  fields: {
    name: field.string('Name'),
    orderNumber: field.string('OrderNumber'),
    totalAmount: field.money('TotalAmount'),
    submittedAt: field.dateTime('SubmitDate'),
    status: field.optionSet('StatusCode'),
    organisationId: field.lookup('CustomerId', { model: 'Organisation' }),
  },
});
