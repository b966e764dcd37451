import type { PropertyKind } from '../entity';

/** What happens to a record when the one it refers to is deleted. */
export type DeleteRule = 'cascade' | 'removeLink' | 'restrict';

/** One property of a sandbox entity. */
export interface SandboxProperty {
  /** Schema name, as the 2011 face shows it: `PrimaryContactId`. The Dataverse face shows it in lower case. */
  readonly name: string;
  readonly kind: PropertyKind;
  /** Longest string; longer ones are refused. */
  readonly maxLength?: number;
  readonly required?: boolean;
  /** Logical name of the entity that a lookup points to. */
  readonly target?: string;
  /** Default `removeLink`. */
  readonly onDelete?: DeleteRule;
  /** Digits behind the point that are kept of decimals and money: others are rounded. */
  readonly precision?: number;
}

/**
 * A native many-to-many relationship. Its links are records of an entity of their own that clients
 * can read, and write only through `$links` and `$ref`. From `optevia_account_sector` between
 * `account` and `optevia_sector` come the sets `optevia_account_sectorSet` and
 * `optevia_account_sectorset`, the key `optevia_account_sectorId`, and the properties `accountid`
 * and `optevia_sectorid`.
 */
export interface SandboxManyToMany {
  /** Schema name, and the navigation property at both ends: `optevia_account_sector`. */
  readonly name: string;
  /** Logical name of the other entity. */
  readonly to: string;
  /** Schema name of the links' entity; default the relationship's name. */
  readonly intersect?: string;
}

/** One entity of the sandbox. */
export interface SandboxEntity {
  /** `account` */
  readonly logicalName: string;
  /** `Account`; the 2011 face's entity set is this with `Set` behind it. */
  readonly schemaName: string;
  /** The Dataverse face's entity set: `accounts`. */
  readonly collectionName: string;
  /** Key property by schema name: `AccountId`. */
  readonly key: string;
  /** Beside these every entity has `CreatedOn` and `ModifiedOn`. */
  readonly properties: readonly SandboxProperty[];
  /** Named at one of their ends only. */
  readonly manyToMany?: readonly SandboxManyToMany[];
  /**
   * Records are active or inactive: they have `StateCode` (0, 1) and `StatusCode` (1, 2, or a
   * publisher's own options) beside their properties. On the 2011 face the state is set by the
   * organization service only.
   */
  readonly states?: boolean;
}

/** All entities of a sandbox. */
export type SandboxSchema = readonly SandboxEntity[];

/**
 * The entities of the example application's CRM: a trade organisation with customers of its own.
 * Names are the ones that a Dynamics 2011 publisher with the prefix `optevia` would have made.
 */
export const exampleSchema: SandboxSchema = [
  {
    logicalName: 'optevia_country',
    schemaName: 'optevia_country',
    collectionName: 'optevia_countries',
    key: 'optevia_countryId',
    states: true,
    properties: [
      { name: 'optevia_name', kind: 'string', maxLength: 200, required: true },
      { name: 'optevia_IsoCode', kind: 'string', maxLength: 2 },
      { name: 'optevia_IsoCode3', kind: 'string', maxLength: 3 },
    ],
  },
  {
    logicalName: 'optevia_sector',
    schemaName: 'optevia_sector',
    collectionName: 'optevia_sectors',
    key: 'optevia_sectorId',
    states: true,
    properties: [{ name: 'optevia_name', kind: 'string', maxLength: 200, required: true }],
  },
  {
    logicalName: 'account',
    schemaName: 'Account',
    collectionName: 'accounts',
    key: 'AccountId',
    states: true,
    properties: [
      { name: 'Name', kind: 'string', maxLength: 160, required: true },
      { name: 'Description', kind: 'string', maxLength: 2000 },
      { name: 'AccountNumber', kind: 'string', maxLength: 20 },
      { name: 'Telephone1', kind: 'string', maxLength: 50 },
      { name: 'WebSiteURL', kind: 'string', maxLength: 200 },
      { name: 'NumberOfEmployees', kind: 'integer' },
      { name: 'Revenue', kind: 'money', precision: 2 },
      { name: 'optevia_Rating', kind: 'decimal', precision: 4 },
      { name: 'optevia_ukorganisation', kind: 'boolean' },
      { name: 'optevia_FoundedOn', kind: 'dateOnly' },
      { name: 'optevia_LastVerified', kind: 'dateTime' },
      { name: 'CustomerTypeCode', kind: 'optionSet' },
      { name: 'optevia_Sector', kind: 'lookup', target: 'optevia_sector', onDelete: 'restrict' },
      { name: 'optevia_Country', kind: 'lookup', target: 'optevia_country', onDelete: 'restrict' },
      { name: 'ParentAccountId', kind: 'lookup', target: 'account', onDelete: 'removeLink' },
    ],
    // Further sectors, beside the main one.
    manyToMany: [{ name: 'optevia_account_sector', to: 'optevia_sector' }],
  },
  {
    // The service itself makes two of these with every account; clients cannot create them.
    logicalName: 'customeraddress',
    schemaName: 'CustomerAddress',
    collectionName: 'customeraddresses',
    key: 'CustomerAddressId',
    properties: [
      { name: 'AddressNumber', kind: 'integer' },
      { name: 'Name', kind: 'string', maxLength: 200 },
      { name: 'Line1', kind: 'string', maxLength: 250 },
      { name: 'City', kind: 'string', maxLength: 80 },
      { name: 'PostalCode', kind: 'string', maxLength: 20 },
      { name: 'ParentId', kind: 'lookup', target: 'account', onDelete: 'cascade' },
    ],
  },
  {
    logicalName: 'contact',
    schemaName: 'Contact',
    collectionName: 'contacts',
    key: 'ContactId',
    states: true,
    properties: [
      { name: 'FirstName', kind: 'string', maxLength: 50 },
      { name: 'LastName', kind: 'string', maxLength: 50, required: true },
      { name: 'EMailAddress1', kind: 'string', maxLength: 100 },
      { name: 'JobTitle', kind: 'string', maxLength: 100 },
      { name: 'BirthDate', kind: 'dateOnly' },
      { name: 'DoNotEMail', kind: 'boolean' },
      { name: 'ParentCustomerId', kind: 'lookup', target: 'account', onDelete: 'cascade' },
    ],
  },
  {
    logicalName: 'optevia_interaction',
    schemaName: 'optevia_interaction',
    collectionName: 'optevia_interactions',
    key: 'optevia_interactionId',
    states: true,
    properties: [
      { name: 'optevia_Subject', kind: 'string', maxLength: 200, required: true },
      { name: 'optevia_Notes', kind: 'string', maxLength: 4000 },
      { name: 'optevia_Channel', kind: 'optionSet' },
      { name: 'optevia_HappenedOn', kind: 'dateTime' },
      { name: 'optevia_Contact', kind: 'lookup', target: 'contact', onDelete: 'cascade' },
    ],
  },
  {
    logicalName: 'salesorder',
    schemaName: 'SalesOrder',
    collectionName: 'salesorders',
    key: 'SalesOrderId',
    properties: [
      { name: 'Name', kind: 'string', maxLength: 300 },
      { name: 'OrderNumber', kind: 'string', maxLength: 100, required: true },
      { name: 'TotalAmount', kind: 'money', precision: 2 },
      { name: 'SubmitDate', kind: 'dateTime' },
      { name: 'StatusCode', kind: 'optionSet' },
      { name: 'CustomerId', kind: 'lookup', target: 'account', onDelete: 'restrict' },
    ],
  },
  {
    logicalName: 'optevia_contactorder',
    schemaName: 'optevia_contactorder',
    collectionName: 'optevia_contactorders',
    key: 'optevia_contactorderId',
    properties: [
      { name: 'optevia_Contact', kind: 'lookup', target: 'contact', onDelete: 'cascade' },
      { name: 'optevia_Order', kind: 'lookup', target: 'salesorder', onDelete: 'cascade' },
    ],
  },
];
