import { Country } from '../models';
import { defineMigrator, field } from '../src';

export const countryMigrator = defineMigrator(Country, {
  entitySet: 'optevia_countrySet',
  key: 'optevia_countryId',
  logicalName: 'optevia_country',
  fields: {
    name: field.string('optevia_name'),
    isoCode: field.string('optevia_IsoCode'),
    isoCode3: field.string('optevia_IsoCode3'),
  },
});
