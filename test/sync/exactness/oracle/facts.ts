/** The models of the example, as this oracle knows them: written down here once more on purpose. */
export type ModelName =
  'Country' | 'Sector' | 'Organisation' | 'Contact' | 'Interaction' | 'Order' | 'ContactOrder';

/** One mapped attribute, and what it is called on the other side. */
export interface Column {
  readonly attribute: string;
  readonly property: string;
  readonly kind:
    'text' | 'integer' | 'decimal' | 'boolean' | 'dateOnly' | 'dateTime' | 'code' | 'lookup';
  /** Digits behind the point that the local column keeps. */
  readonly scale?: number;
  /** What a lookup refers to. */
  readonly target?: ModelName;
  /** The names of the codes 1, 2, 3 …, in the order in which PostgreSQL sorts them. */
  readonly names?: readonly string[];
  readonly required?: boolean;
  /** The application may not write it. */
  readonly readOnly?: boolean;
}

/** One model on both sides. */
export interface Entity {
  readonly name: ModelName;
  readonly table: string;
  readonly logicalName: string;
  readonly key: string;
  readonly columns: readonly Column[];
}

/** An association, by its name. */
export interface Association {
  readonly as: string;
  readonly type: 'one' | 'many' | 'through';
  readonly target: ModelName;
  /** The attribute that refers: of this model for `one`, of the target, or of the link. */
  readonly foreignKey: string;
}

const text = (attribute: string, property: string): Column => ({
  attribute,
  property,
  kind: 'text',
});
const lookup = (attribute: string, property: string, target: ModelName): Column => ({
  attribute,
  property,
  kind: 'lookup',
  target,
});

/** Every model; those that others refer to come first. */
export const entities: readonly Entity[] = [
  {
    name: 'Country',
    table: 'countries',
    logicalName: 'optevia_country',
    key: 'optevia_countryId',
    columns: [
      { ...text('name', 'optevia_name'), required: true },
      text('isoCode', 'optevia_IsoCode'),
      text('isoCode3', 'optevia_IsoCode3'),
    ],
  },
  {
    name: 'Sector',
    table: 'sectors',
    logicalName: 'optevia_sector',
    key: 'optevia_sectorId',
    columns: [{ ...text('name', 'optevia_name'), required: true }],
  },
  {
    name: 'Organisation',
    table: 'organisations',
    logicalName: 'account',
    key: 'AccountId',
    columns: [
      { ...text('name', 'Name'), required: true },
      text('description', 'Description'),
      text('accountNumber', 'AccountNumber'),
      text('telephone', 'Telephone1'),
      text('website', 'WebSiteURL'),
      { attribute: 'employees', property: 'NumberOfEmployees', kind: 'integer' },
      { attribute: 'revenue', property: 'Revenue', kind: 'decimal', scale: 2 },
      { attribute: 'rating', property: 'optevia_Rating', kind: 'decimal', scale: 4 },
      { attribute: 'isUk', property: 'optevia_ukorganisation', kind: 'boolean' },
      { attribute: 'foundedOn', property: 'optevia_FoundedOn', kind: 'dateOnly' },
      {
        attribute: 'lastVerifiedAt',
        property: 'optevia_LastVerified',
        kind: 'dateTime',
        readOnly: true,
      },
      { attribute: 'customerType', property: 'CustomerTypeCode', kind: 'integer' },
      lookup('sectorId', 'optevia_Sector', 'Sector'),
      lookup('countryId', 'optevia_Country', 'Country'),
      lookup('parentId', 'ParentAccountId', 'Organisation'),
    ],
  },
  {
    name: 'Contact',
    table: 'contacts',
    logicalName: 'contact',
    key: 'ContactId',
    columns: [
      text('firstName', 'FirstName'),
      { ...text('lastName', 'LastName'), required: true },
      text('email', 'EMailAddress1'),
      text('jobTitle', 'JobTitle'),
      { attribute: 'bornOn', property: 'BirthDate', kind: 'dateOnly' },
      { attribute: 'doNotEmail', property: 'DoNotEMail', kind: 'boolean' },
      lookup('organisationId', 'ParentCustomerId', 'Organisation'),
    ],
  },
  {
    name: 'Interaction',
    table: 'interactions',
    logicalName: 'optevia_interaction',
    key: 'optevia_interactionId',
    columns: [
      { ...text('subject', 'optevia_Subject'), required: true },
      text('notes', 'optevia_Notes'),
      {
        attribute: 'channel',
        property: 'optevia_Channel',
        kind: 'code',
        names: ['phone', 'email', 'meeting', 'letter'],
      },
      { attribute: 'happenedAt', property: 'optevia_HappenedOn', kind: 'dateTime' },
      lookup('contactId', 'optevia_Contact', 'Contact'),
    ],
  },
  {
    name: 'Order',
    table: 'orders',
    logicalName: 'salesorder',
    key: 'SalesOrderId',
    columns: [
      text('name', 'Name'),
      { ...text('orderNumber', 'OrderNumber'), required: true },
      { attribute: 'totalAmount', property: 'TotalAmount', kind: 'decimal', scale: 2 },
      { attribute: 'submittedAt', property: 'SubmitDate', kind: 'dateTime' },
      { attribute: 'status', property: 'StatusCode', kind: 'integer' },
      lookup('organisationId', 'CustomerId', 'Organisation'),
    ],
  },
  {
    name: 'ContactOrder',
    table: 'contact_orders',
    logicalName: 'optevia_contactorder',
    key: 'optevia_contactorderId',
    columns: [
      { ...lookup('contactId', 'optevia_Contact', 'Contact'), required: true },
      { ...lookup('orderId', 'optevia_Order', 'Order'), required: true },
    ],
  },
];

const one = (as: string, target: ModelName, foreignKey: string): Association => ({
  as,
  type: 'one',
  target,
  foreignKey,
});
const many = (as: string, target: ModelName, foreignKey: string): Association => ({
  as,
  type: 'many',
  target,
  foreignKey,
});

const associations: Readonly<Record<ModelName, readonly Association[]>> = {
  Country: [many('organisations', 'Organisation', 'countryId')],
  Sector: [many('organisations', 'Organisation', 'sectorId')],
  Organisation: [
    one('sector', 'Sector', 'sectorId'),
    one('country', 'Country', 'countryId'),
    one('parent', 'Organisation', 'parentId'),
    many('branches', 'Organisation', 'parentId'),
    many('contacts', 'Contact', 'organisationId'),
    many('orders', 'Order', 'organisationId'),
  ],
  Contact: [
    one('organisation', 'Organisation', 'organisationId'),
    many('interactions', 'Interaction', 'contactId'),
    { as: 'orders', type: 'through', target: 'Order', foreignKey: 'contactId' },
  ],
  Interaction: [one('contact', 'Contact', 'contactId')],
  Order: [
    one('organisation', 'Organisation', 'organisationId'),
    { as: 'contacts', type: 'through', target: 'Contact', foreignKey: 'orderId' },
  ],
  ContactOrder: [one('contact', 'Contact', 'contactId'), one('order', 'Order', 'orderId')],
};

const byName = new Map(entities.map((entity) => [entity.name, entity]));

/** The entity of a model. */
export function entityOf(name: ModelName): Entity {
  const entity = byName.get(name);
  if (!entity) throw new Error(`There is no model ${name}.`);
  return entity;
}

/** The associations of a model. */
export function associationsOf(name: ModelName): readonly Association[] {
  return associations[name];
}

/** An association by its name. */
export function associationOf(name: ModelName, as: string): Association {
  const found = associations[name].find((association) => association.as === as);
  if (!found) throw new Error(`${name} has no association ${as}.`);
  return found;
}

/** A column by its attribute. */
export function columnOf(name: ModelName, attribute: string): Column {
  const column = entityOf(name).columns.find((candidate) => candidate.attribute === attribute);
  if (!column) throw new Error(`${name} has no attribute ${attribute}.`);
  return column;
}

/** The name of an attribute's column in SQL: `lastName` is `last_name`. */
export function sqlName(attribute: string): string {
  return attribute.replace(/[A-Z0-9]+/g, (part) =>
    /\d/.test(part) ? part : `_${part.toLowerCase()}`,
  );
}
