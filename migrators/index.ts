import { contactMigrator } from './contact';
import { contactOrderMigrator } from './contact-order';
import { countryMigrator } from './country';
import { interactionMigrator } from './interaction';
import { orderMigrator } from './order';
import { organisationMigrator } from './organisation';
import { sectorMigrator } from './sector';

/** The mapping of every model, for `connectLegacy`; those that others refer to come first. */
export const migrators = [
  countryMigrator,
  sectorMigrator,
  organisationMigrator,
  contactMigrator,
  interactionMigrator,
  orderMigrator,
  contactOrderMigrator,
];
