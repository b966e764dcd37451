import {
  type BelongsToManyGetAssociationsMixin,
  type CreationOptional,
  DataTypes,
  type ForeignKey,
  type HasManyGetAssociationsMixin,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
  type Sequelize,
} from 'sequelize';
import { LegacyModel } from '../../src';

/** A shelf of a shop; its local key is a number. */
export class Category extends LegacyModel<
  InferAttributes<Category>,
  InferCreationAttributes<Category>
> {
  declare id: CreationOptional<number>;
  declare title: string;
  declare code: CreationOptional<string | null>;
  declare parentId: CreationOptional<ForeignKey<number> | null>;

  declare products?: NonAttribute<Product[]>;
  declare parent?: NonAttribute<Category | null>;
  declare getProducts: HasManyGetAssociationsMixin<Product>;
}

/** What a shop sells, with a column of each kind. */
export class Product extends LegacyModel<
  InferAttributes<Product>,
  InferCreationAttributes<Product>
> {
  declare id: CreationOptional<string>;
  declare name: string;
  declare note: CreationOptional<string | null>;
  declare price: CreationOptional<string | null>;
  declare weight: CreationOptional<string | null>;
  declare stock: CreationOptional<number>;
  declare barcode: CreationOptional<number | null>;
  declare isSold: CreationOptional<boolean | null>;
  declare releasedOn: CreationOptional<string | null>;
  declare checkedAt: CreationOptional<Date | null>;
  declare colour: CreationOptional<string | null>;
  declare batch: CreationOptional<string | null>;
  declare categoryId: CreationOptional<ForeignKey<number> | null>;
  /** Kept by this application only. */
  declare shelf: CreationOptional<string | null>;

  declare category?: NonAttribute<Category | null>;
  declare purchases?: NonAttribute<Purchase[]>;
  declare getPurchases: BelongsToManyGetAssociationsMixin<Purchase>;
}

/** What somebody has bought. */
export class Purchase extends LegacyModel<
  InferAttributes<Purchase>,
  InferCreationAttributes<Purchase>
> {
  declare id: CreationOptional<string>;
  declare number: string;
  declare placedAt: CreationOptional<Date | null>;

  declare products?: NonAttribute<Product[]>;
  declare getProducts: BelongsToManyGetAssociationsMixin<Product>;
}

/** Says that a product is part of a purchase. */
export class PurchaseLine extends LegacyModel<
  InferAttributes<PurchaseLine>,
  InferCreationAttributes<PurchaseLine>
> {
  declare id: CreationOptional<string>;
  declare quantity: number;
  declare purchaseId: ForeignKey<string>;
  declare productId: ForeignKey<string>;
}

const uuid = { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true };

/** Bind the models to a database and to each other. */
export function defineDomain(sequelize: Sequelize): void {
  Category.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      title: { type: DataTypes.TEXT, allowNull: false },
      code: DataTypes.TEXT,
    },
    { sequelize, tableName: 'categories', underscored: true },
  );
  Product.init(
    {
      id: uuid,
      name: { type: DataTypes.TEXT, allowNull: false },
      note: DataTypes.TEXT,
      price: DataTypes.DECIMAL(19, 4),
      weight: DataTypes.DECIMAL,
      stock: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      barcode: DataTypes.BIGINT,
      isSold: DataTypes.BOOLEAN,
      releasedOn: DataTypes.DATEONLY,
      checkedAt: DataTypes.DATE,
      colour: DataTypes.TEXT,
      batch: DataTypes.UUID,
      shelf: DataTypes.TEXT,
    },
    { sequelize, tableName: 'products', underscored: true },
  );
  Purchase.init(
    { id: uuid, number: { type: DataTypes.TEXT, allowNull: false }, placedAt: DataTypes.DATE },
    { sequelize, tableName: 'purchases', underscored: true },
  );
  PurchaseLine.init(
    { id: uuid, quantity: { type: DataTypes.INTEGER, allowNull: false } },
    { sequelize, tableName: 'purchase_lines', underscored: true },
  );
  associate();
}

function associate(): void {
  const parent = { foreignKey: 'parentId', onDelete: 'RESTRICT' };
  Category.belongsTo(Category, { as: 'parent', ...parent });
  const category = { foreignKey: 'categoryId', onDelete: 'RESTRICT' };
  Product.belongsTo(Category, { as: 'category', ...category });
  Category.hasMany(Product, { as: 'products', ...category });
  const product = { foreignKey: { name: 'productId', allowNull: false }, onDelete: 'RESTRICT' };
  const purchase = { foreignKey: { name: 'purchaseId', allowNull: false }, onDelete: 'RESTRICT' };
  PurchaseLine.belongsTo(Product, { as: 'product', ...product });
  PurchaseLine.belongsTo(Purchase, { as: 'purchase', ...purchase });
  const through = { model: PurchaseLine, unique: false };
  Product.belongsToMany(Purchase, { as: 'purchases', through, foreignKey: 'productId' });
  Purchase.belongsToMany(Product, { as: 'products', through, foreignKey: 'purchaseId' });
}
