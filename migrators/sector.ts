import { Sector } from '../models';
import { defineMigrator, field } from '../src';

export const sectorMigrator = defineMigrator(Sector, {
  entitySet: 'optevia_sectorSet',
  key: 'optevia_sectorId',
  logicalName: 'optevia_sector',
  fields: { name: field.string('optevia_name') },
});
