import { migrators } from '../../migrators';
import { defineMigrator, type Field, type Migrator, type MigratorDefinition } from '../../src';

const collections: Readonly<Record<string, string>> = {
  optevia_country: 'optevia_countries',
  optevia_sector: 'optevia_sectors',
  account: 'accounts',
  contact: 'contacts',
  optevia_interaction: 'optevia_interactions',
  salesorder: 'salesorders',
  optevia_contactorder: 'optevia_contactorders',
};

function onDataverse({ model, definition }: Migrator): Migrator {
  const fields: Record<string, Field> = {};
  for (const [attribute, field] of Object.entries(definition.fields)) {
    if (!field) continue;
    // A lookup is named by its navigation property, which keeps the capitals that a publisher chose.
    const keepsCapitals = field.kind === 'lookup' && field.property.startsWith('optevia_');
    const property = keepsCapitals ? field.property : field.property.toLowerCase();
    fields[attribute] = { ...field, property };
  }
  const logicalName = definition.logicalName ?? '';
  const changed: MigratorDefinition = {
    ...definition,
    entitySet: collections[logicalName] ?? '',
    key: definition.key.toLowerCase(),
    neverSend: definition.neverSend?.map((name) => name.toLowerCase()),
    fields,
  };
  return defineMigrator(model, changed);
}

/** The example's mappings for the Dataverse face of the same CRM. */
export const dataverseMigrators: readonly Migrator[] = migrators.map(onDataverse);
