import { Organisation } from '../models';
import { defineMigrator, field } from '../src';

export const organisationMigrator = defineMigrator(Organisation, {
  entitySet: 'AccountSet',
  key: 'AccountId',
  logicalName: 'account',
  // The CRM's own users verify organisations; the application only shows when.
  neverSend: ['optevia_LastVerified'],
  fields: {
    name: field.string('Name'),
    description: field.text('Description'),
    accountNumber: field.string('AccountNumber'),
    telephone: field.string('Telephone1'),
    website: field.string('WebSiteURL'),
    employees: field.integer('NumberOfEmployees'),
    revenue: field.money('Revenue'),
    rating: field.decimal('optevia_Rating'),
    isUk: field.boolean('optevia_ukorganisation'),
    foundedOn: field.dateOnly('optevia_FoundedOn'),
    lastVerifiedAt: field.dateTime('optevia_LastVerified'),
    customerType: field.optionSet('CustomerTypeCode'),
    sectorId: field.lookup('optevia_Sector', { model: 'Sector' }),
    countryId: field.lookup('optevia_Country', { model: 'Country' }),
    parentId: field.lookup('ParentAccountId', { model: 'Organisation' }),
  },
});
