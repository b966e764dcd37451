import type { DialectName, LegacyEntity } from '../../../legacy-client';
import { account, dataverseAccount, guid, product } from '../entities';

/** How an evil server of one dialect writes what it sends. */
export interface Face {
  readonly dialect: DialectName;
  readonly entity: LegacyEntity;
  /** A record with a key, and more members. */
  record(number: number, more?: object): object;
  /** The body of a page. */
  page(records: readonly unknown[], next?: string): object;
  /** Names of a text, an integer or option, a decimal, a day and an instant, as they are on the wire. */
  readonly names: {
    readonly text: string;
    readonly whole: string;
    readonly decimal: string;
    readonly day?: string;
    readonly instant: string;
  };
}

const v2 = (records: readonly unknown[], next?: string): object => ({
  d: { results: records, ...(next !== undefined && { __next: next }) },
});
const v4 = (records: readonly unknown[], next?: string): object => ({
  value: records,
  ...(next !== undefined && { '@odata.nextLink': next }),
});

const plain: LegacyEntity = {
  ...product,
  modifiedOn: 'ChangedAt',
  properties: [
    ...product.properties,
    { name: 'Stock', kind: 'integer' },
    { name: 'ReleasedOn', kind: 'dateOnly' },
  ],
};
const plainNames = {
  ...{ text: 'Name', whole: 'Stock', decimal: 'Price', day: 'ReleasedOn', instant: 'ChangedAt' },
};

/** The four dialects. */
export const faces: readonly Face[] = [
  {
    dialect: 'dynamics2011',
    entity: account,
    record: (number, more) => ({ AccountId: guid(number), ...more }),
    page: v2,
    names: {
      ...{ text: 'Name', whole: 'NumberOfEmployees', decimal: 'optevia_Rating' },
      ...{ day: 'optevia_FoundedOn', instant: 'ModifiedOn' },
    },
  },
  {
    dialect: 'dataverse',
    entity: dataverseAccount,
    record: (number, more) => ({ accountid: guid(number), ...more }),
    page: v4,
    names: {
      ...{ text: 'name', whole: 'customertypecode', decimal: 'revenue' },
      ...{ day: 'optevia_foundedon', instant: 'modifiedon' },
    },
  },
  {
    dialect: 'odata2',
    entity: plain,
    record: (number, more) => ({ Id: guid(number), ...more }),
    page: v2,
    names: plainNames,
  },
  {
    dialect: 'odata4',
    entity: plain,
    record: (number, more) => ({ Id: guid(number), ...more }),
    page: v4,
    names: plainNames,
  },
];
