import type { Model, ModelStatic } from 'sequelize';
import { defineMigrator, field, type Migrator } from '../../src';
import { Category, Product, Purchase, PurchaseLine } from './domain';
import type { EntitySetType, PropertyType } from './server/schema';

/** What the services of one test have in common. */
export interface CatalogueOptions {
  readonly version: 2 | 4;
  /** The services stamp each change; default true. */
  readonly stamps?: boolean;
  /** What instants are over there; OData 4 has only `Edm.DateTimeOffset`. */
  readonly instants?: 'Edm.DateTime' | 'Edm.DateTimeOffset';
  /** Keys and references are texts over there. */
  readonly textKeys?: boolean;
  readonly conflict?: Migrator['definition']['conflict'];
  /** What becomes of products that are destroyed. */
  readonly onDestroy?: Migrator['definition']['onDestroy'];
}

/** The entity sets of the services. */
export function entitySets(options: CatalogueOptions): readonly EntitySetType[] {
  const instant: PropertyType = { type: instantType(options) };
  const day: PropertyType = { type: options.version === 2 ? 'Edm.DateTime' : 'Edm.Date' };
  const link: PropertyType = { type: options.textKeys === true ? 'Edm.String' : 'Edm.Guid' };
  const products: EntitySetType['properties'] = {
    ProductName: { type: 'Edm.String', nullable: false },
    Note: { type: 'Edm.String' },
    Price: { type: 'Edm.Decimal' },
    Weight: { type: 'Edm.Double' },
    Stock: { type: 'Edm.Int32', nullable: false },
    Barcode: { type: 'Edm.Int64' },
    IsSold: { type: 'Edm.Boolean' },
    ReleasedOn: day,
    CheckedAt: instant,
    Colour: { type: 'Edm.Int32' },
    Batch: link,
    CategoryID: link,
  };
  const categories: EntitySetType['properties'] = {
    Title: { type: 'Edm.String', nullable: false },
    Code: { type: 'Edm.String' },
    ParentID: link,
  };
  const lines: EntitySetType['properties'] = {
    Quantity: { type: 'Edm.Int32', nullable: false },
    PurchaseID: { ...link, nullable: false },
    ProductID: { ...link, nullable: false },
  };
  const purchases: EntitySetType['properties'] = {
    Number: { type: 'Edm.String', nullable: false },
    PlacedAt: instant,
  };
  const set = setMaker(options, instant);
  return [
    set('Categories', 'CategoryID', categories),
    set('Products', 'ProductID', products),
    set('Purchases', 'PurchaseID', purchases),
    set('PurchaseLines', 'LineID', lines),
  ];
}

function instantType({
  version,
  instants,
}: CatalogueOptions): 'Edm.DateTime' | 'Edm.DateTimeOffset' {
  return version === 4 ? 'Edm.DateTimeOffset' : (instants ?? 'Edm.DateTime');
}

type SetMaker = (
  name: string,
  key: string,
  properties: EntitySetType['properties'],
) => EntitySetType;

function setMaker(options: CatalogueOptions, instant: PropertyType): SetMaker {
  const { stamps = true, textKeys } = options;
  const keyed = textKeys === true ? ({ keyType: 'Edm.String' } as const) : {};
  return (name, key, properties) =>
    stamps
      ? {
          ...keyed,
          name,
          key,
          changedAt: 'ChangedAt',
          createdAt: 'CreatedAt',
          properties: { ...properties, ChangedAt: instant, CreatedAt: instant },
        }
      : { ...keyed, name, key, properties };
}

/** The mappings for {@link entitySets}. */
export function catalogueMigrators(options: CatalogueOptions): readonly Migrator[] {
  const { stamps = true, conflict } = options;
  const rules = {
    modifiedOn: stamps ? 'ChangedAt' : null,
    createdOn: stamps ? 'CreatedAt' : null,
    ...(conflict && { conflict }),
  };
  const map = (
    model: ModelStatic<Model>,
    [entitySet, key]: readonly [string, string],
    fields: Migrator['definition']['fields'],
  ): Migrator => defineMigrator(model, { entitySet, key, fields, ...rules });
  return [
    map(Category, ['Categories', 'CategoryID'], {
      title: field.string('Title'),
      code: field.string('Code'),
      parentId: field.lookup('ParentID', { model: 'Category' }),
    }),
    onDestroying(map(Product, ['Products', 'ProductID'], productFields(options)), options),
    map(Purchase, ['Purchases', 'PurchaseID'], {
      number: field.string('Number'),
      placedAt: field.dateTime('PlacedAt', { type: instantType(options) }),
    }),
    map(PurchaseLine, ['PurchaseLines', 'LineID'], {
      quantity: field.integer('Quantity'),
      purchaseId: field.lookup('PurchaseID', { model: 'Purchase' }),
      productId: field.lookup('ProductID', { model: 'Product' }),
    }),
  ];
}

function onDestroying({ model, definition }: Migrator, { onDestroy }: CatalogueOptions): Migrator {
  return defineMigrator(model, { ...definition, onDestroy });
}

function productFields(options: CatalogueOptions): Migrator['definition']['fields'] {
  return {
    name: field.string('ProductName'),
    note: field.text('Note'),
    price: field.decimal('Price'),
    weight: field.decimal('Weight', { type: 'Edm.Double' }),
    stock: field.integer('Stock'),
    barcode: field.integer('Barcode', { type: 'Edm.Int64' }),
    isSold: field.boolean('IsSold'),
    releasedOn: field.dateOnly('ReleasedOn'),
    checkedAt: field.dateTime('CheckedAt', { type: instantType(options) }),
    colour: field.optionSet('Colour', { red: 1, green: 2, blue: 3 }),
    batch: field.guid('Batch'),
    categoryId: field.lookup('CategoryID', { model: 'Category' }),
  };
}
