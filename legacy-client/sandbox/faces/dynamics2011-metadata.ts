import type { PropertyKind } from '../../entity';
import type { EntityModel, PropertyModel } from '../entity-model';
import { element, type MetadataSpelling } from './metadata-document';

const namespace = 'Microsoft.Crm.Sdk.Data.Services';

const types: Readonly<Record<PropertyKind, string>> = {
  string: 'Edm.String',
  boolean: 'Edm.Boolean',
  integer: 'Edm.Int32',
  optionSet: `${namespace}.OptionSetValue`,
  decimal: 'Edm.Decimal',
  money: `${namespace}.Money`,
  dateTime: 'Edm.DateTime',
  // The service knows no days: they are midnights.
  dateOnly: 'Edm.DateTime',
  guid: 'Edm.Guid',
  lookup: `${namespace}.EntityReference`,
};

const edmx = 'http://schemas.microsoft.com/ado/2007/06/edmx';
const dataServices = 'http://schemas.microsoft.com/ado/2007/08/dataservices/metadata';

/**
 * `$metadata` of the 2011 face: OData 2. Lookups are complex values; the navigations to the same
 * records stand beside them, and nothing ties the one to the other.
 */
export const dynamics2011Metadata: MetadataSpelling = {
  namespace,
  xmlns: 'http://schemas.microsoft.com/ado/2006/04/edm',
  wrap: (schema) =>
    element(
      'edmx:Edmx',
      { Version: '1.0', 'xmlns:edmx': edmx },
      element(
        'edmx:DataServices',
        { 'm:DataServiceVersion': '2.0', 'xmlns:m': dataServices },
        schema,
      ),
    ),
  entityName: ({ schemaName }) => schemaName,
  setName: ({ setName }) => setName,
  keyName: ({ key }) => key.name,
  property: ({ name, kind, role }) =>
    element('Property', {
      Name: name,
      Type: types[kind],
      Nullable: role === 'key' ? 'false' : 'true',
    }),
  navigations: (model) =>
    model.lookups
      .map((lookup) =>
        element('NavigationProperty', {
          Name: relationshipOf(model, lookup),
          Relationship: `${namespace}.${relationshipOf(model, lookup)}`,
          FromRole: 'Referencing',
          ToRole: 'Referenced',
        }),
      )
      .join('\n'),
  associations: (model, target) =>
    model.lookups
      .map((lookup) =>
        element(
          'Association',
          { Name: relationshipOf(model, lookup) },
          end('Referencing', model, '*') + end('Referenced', target(lookup), '0..1'),
        ),
      )
      .join('\n'),
};

function end(role: string, { schemaName }: EntityModel, multiplicity: string): string {
  const type = `${namespace}.${schemaName}`;
  return element('End', { Role: role, Type: type, Multiplicity: multiplicity });
}

/** `account_parentaccountid` */
function relationshipOf(
  { logicalName }: EntityModel,
  { logicalName: lookup }: PropertyModel,
): string {
  return `${logicalName}_${lookup}`;
}
