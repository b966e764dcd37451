import { Contact } from '../models';
import { defineMigrator, field } from '../src';

export const contactMigrator = defineMigrator(Contact, {
  entitySet: 'ContactSet',
  key: 'ContactId',
  logicalName: 'contact',
  fields: {
    firstName: field.string('FirstName'),
    lastName: field.string('LastName'),
    email: field.string('EMailAddress1'),
    jobTitle: field.string('JobTitle'),
    bornOn: field.dateOnly('BirthDate'),
    doNotEmail: field.boolean('DoNotEMail'),
    organisationId: field.lookup('ParentCustomerId', { model: 'Organisation' }),
  },
});
