import type { PropertyKind } from '../../entity';
import type { PropertyModel } from '../entity-model';
import { element, type MetadataSpelling } from './metadata-document';

const namespace = 'Microsoft.Dynamics.CRM';

const types: Readonly<Record<PropertyKind, string>> = {
  string: 'Edm.String',
  boolean: 'Edm.Boolean',
  integer: 'Edm.Int32',
  optionSet: 'Edm.Int32',
  decimal: 'Edm.Decimal',
  money: 'Edm.Decimal',
  dateTime: 'Edm.DateTimeOffset',
  dateOnly: 'Edm.Date',
  guid: 'Edm.Guid',
  lookup: 'Edm.Guid',
};

/** `$metadata` of the Dataverse face: OData 4, lookups with their constraints. */
export const dataverseMetadata: MetadataSpelling = {
  namespace,
  xmlns: 'http://docs.oasis-open.org/odata/ns/edm',
  wrap: (schema) =>
    element(
      'edmx:Edmx',
      { Version: '4.0', 'xmlns:edmx': 'http://docs.oasis-open.org/odata/ns/edmx' },
      element('edmx:DataServices', {}, schema),
    ),
  entityName: ({ logicalName }) => logicalName,
  setName: ({ collectionName }) => collectionName,
  keyName: ({ key }) => key.logicalName,
  property,
  navigations: ({ lookups, manyToMany }, target) =>
    [
      ...lookups.map((lookup) => {
        const to = target(lookup);
        return element(
          'NavigationProperty',
          { Name: lookup.navigationName, Type: `${namespace}.${to.logicalName}` },
          element('ReferentialConstraint', {
            Property: lookup.valueName,
            ReferencedProperty: to.key.logicalName,
          }),
        );
      }),
      ...manyToMany.map(({ name, target: to }) =>
        element('NavigationProperty', {
          Name: name,
          Type: `Collection(${namespace}.${to.logicalName})`,
        }),
      ),
    ].join('\n'),
  associations: () => '',
};

function property({ kind, role, ...names }: PropertyModel): string {
  const isNumber = kind === 'decimal' || kind === 'money';
  return element('Property', {
    Name: kind === 'lookup' ? names.valueName : names.logicalName,
    Type: types[kind],
    Nullable: role === 'key' ? 'false' : undefined,
    MaxLength: names.maxLength,
    Scale: isNumber ? names.precision : undefined,
  });
}
