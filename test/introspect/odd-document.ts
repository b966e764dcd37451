const sets: string[] = [];

/** An entity type with a key, and its set. */
function entity(name: string, members = '', namespace = 'Sales'): string {
  sets.push(`<EntitySet Name="${namespace}_${name}_Set" EntityType="${namespace}.${name}"/>`);
  return `<EntityType Name="${name}"><Key><PropertyRef Name="ID"/></Key>
<Property Name="ID" Type="Edm.Guid" Nullable="false"/>${members}</EntityType>`;
}

function property(name: string, type = 'Edm.String', facets = ''): string {
  return `<Property Name="${name}" Type="${type}" ${facets}/>`;
}

function lookup(name: string, type: string): string {
  return `${property(`${name}ID`, 'Edm.Guid')}<NavigationProperty Name="${name}" Type="${type}">
<ReferentialConstraint Property="${name}ID" ReferencedProperty="ID"/></NavigationProperty>`;
}

/** Names that sources use themselves, that would be one of their files, or one table. */
const ofModels = [
  'Index',
  'Base',
  'Date',
  'Models',
  'Model',
  'CreationOptional',
  'String',
  'Default',
]
  .map((name) => entity(name, property('Since', 'Edm.DateTimeOffset')))
  .join('');

const ofInstances = ['Constructor', 'ToString', 'valueOf', 'hasOwnProperty', '__proto__', 'class'];
const ofSequelize = ['IsNewRecord', 'Restore', '_previousDataValues', 'Options', 'GetDataValue'];
const ofColumns = [
  'first_1',
  'First1',
  'FIRST1',
  '1st',
  'created_at',
  'LegacyId',
  'Id',
  'Versions',
];
const ofOtherScripts = ['Größe', '名前', '住所', 'Улица', 'УлицаДом', '$', '_'];
const long = 'aVeryLongNameThatGoesOnAndOnBeyondWhatADatabaseTakesAsTheNameOfAColumn';

const facets =
  property('Empty', 'Edm.String', 'MaxLength="0"') +
  property('Endless', 'Edm.String', 'MaxLength="99999999999999999999"') +
  property('Fraction', 'Edm.Decimal', 'Precision="5" Scale="9"') +
  property('Digits', 'Edm.Decimal', 'Precision="2000" Scale="1500"') +
  property('Nothing', 'Edm.Decimal', 'Precision="0" Scale="0"') +
  property('Floating', 'Edm.Decimal', 'Precision="5" Scale="variable"');

const ofTypes =
  property('Code', 'S.Code') +
  property('Colour', 'S.Colour') +
  property('Pay', 'S.Money') +
  property('Made', 'S.constructor') +
  property('Codes', 'Collection(S.Code)');

/** A document of version 4 in which whatever can clash does. */
export const oddMetadata = `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Sales" Alias="S" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<TypeDefinition Name="Code" UnderlyingType="Edm.String" MaxLength="20"/>
<EnumType Name="Colour" IsFlags="true"><Member Name="Red" Value="1"/></EnumType>
<ComplexType Name="Money"><Property Name="Amount" Type="Edm.Decimal"/></ComplexType>
<ComplexType Name="constructor"><Property Name="Amount" Type="Edm.Decimal"/></ComplexType>
${ofModels}
${entity('Person', lookup('Office', 'S.Office') + ofTypes)}
${entity('People', lookup('Office', 'S.Office'))}
${entity('Office', property('people') + property('offices') + lookup('Head', 'S.Office'))}
${entity('Names', [...ofInstances, ...ofSequelize, ...ofColumns, ...ofOtherScripts, `${long}One`, `${long}Two`].map((name) => property(name)).join(''))}
${entity('Facets', facets)}
</Schema>
<Schema Namespace="HR" Alias="H" xmlns="http://docs.oasis-open.org/odata/ns/edm">
${entity('Office', property('Only') + lookup('Of', 'Sales.Office'), 'HR')}
${entity('Desk', lookup('Office', 'H.Office'), 'HR')}
<EntityContainer Name="Container">${sets.join('')}</EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;
