import type { LegacyEntity, LegacyProperty } from '../../legacy-client';

export const name: LegacyProperty = { name: 'Name', kind: 'string' };
export const employees: LegacyProperty = { name: 'NumberOfEmployees', kind: 'integer' };
export const revenue: LegacyProperty = { name: 'Revenue', kind: 'money' };
export const rating: LegacyProperty = { name: 'optevia_Rating', kind: 'decimal' };
const isUk: LegacyProperty = { name: 'optevia_ukorganisation', kind: 'boolean' };
export const foundedOn: LegacyProperty = { name: 'optevia_FoundedOn', kind: 'dateOnly' };
export const verifiedAt: LegacyProperty = { name: 'optevia_LastVerified', kind: 'dateTime' };
export const type: LegacyProperty = { name: 'CustomerTypeCode', kind: 'optionSet' };
export const sector: LegacyProperty = {
  name: 'optevia_Sector',
  kind: 'lookup',
  target: { entitySet: 'optevia_sectorSet', logicalName: 'optevia_sector' },
};

/** An entity with a property of each kind, as Dynamics 2011 names it. */
export const account: LegacyEntity = {
  entitySet: 'AccountSet',
  key: 'AccountId',
  logicalName: 'account',
  modifiedOn: 'ModifiedOn',
  createdOn: 'CreatedOn',
  properties: [name, employees, revenue, rating, isUk, foundedOn, verifiedAt, type, sector],
};

export const key: LegacyProperty = { name: 'AccountId', kind: 'guid' };

/** The same on Dataverse. */
export const dataverseAccount: LegacyEntity = {
  entitySet: 'accounts',
  key: 'accountid',
  logicalName: 'account',
  modifiedOn: 'modifiedon',
  createdOn: 'createdon',
  properties: [
    { name: 'name', kind: 'string' },
    { name: 'revenue', kind: 'money' },
    { name: 'optevia_foundedon', kind: 'dateOnly' },
    { name: 'optevia_lastverified', kind: 'dateTime' },
    { name: 'customertypecode', kind: 'optionSet' },
    {
      name: 'optevia_Sector',
      kind: 'lookup',
      target: { entitySet: 'optevia_sectors', logicalName: 'optevia_sector' },
    },
  ],
};

/** A small entity of a plain OData server. */
export const product: LegacyEntity = {
  entitySet: 'Products',
  key: 'Id',
  properties: [
    { name: 'Name', kind: 'string' },
    { name: 'Price', kind: 'decimal' },
    { name: 'SupplierId', kind: 'lookup', target: { entitySet: 'Suppliers' } },
  ],
};

/** `00000000-0000-4000-8000-000000000001`, … 2, … */
export function guid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
