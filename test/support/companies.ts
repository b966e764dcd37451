import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import { defineMigrator, field, LegacyModel, type Migrator } from '../../src';
import { openDualWorld, type DualWorld, type Face } from './dual-world';

/** A company of the tests, with a unique column of its own. */
export class Company extends LegacyModel<
  InferAttributes<Company>,
  InferCreationAttributes<Company>
> {
  declare id: CreationOptional<number>;
  declare title: string;
  declare number: CreationOptional<string | null>;
  declare size: CreationOptional<number | null>;
  /** Not mapped. */
  declare note: CreationOptional<string | null>;
}

/** Open a world with one more model, companies, which are accounts of the CRM; the caller closes it. */
export async function openCompanyWorld(
  face: Face,
  { paranoid = false }: { readonly paranoid?: boolean } = {},
): Promise<DualWorld> {
  const world = await openDualWorld({
    face,
    timeoutMs: 1500,
    recoverEveryMs: 0,
    remap: ([first]) => {
      if (!first?.model.sequelize) throw new Error('The models come first.');
      initCompany(first.model.sequelize, paranoid);
      return [companyMigrator(face)];
    },
  });
  await Company.sync();
  return world;
}

function initCompany(sequelize: Sequelize, paranoid: boolean): void {
  Company.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true, field: 'company_id' },
      title: { type: DataTypes.STRING(100), allowNull: false, validate: { notEmpty: true } },
      number: { type: DataTypes.STRING(20), unique: true, field: 'the_number' },
      size: DataTypes.INTEGER,
      note: DataTypes.TEXT,
    },
    { sequelize, tableName: 'companies', underscored: true, paranoid },
  );
}

function companyMigrator(face: Face): Migrator {
  const name = (property: string): string =>
    face === 'dataverse' ? property.toLowerCase() : property;
  return defineMigrator(Company, {
    entitySet: face === 'dataverse' ? 'accounts' : 'AccountSet',
    key: name('AccountId'),
    logicalName: 'account',
    fields: {
      title: field.string(name('Name')),
      number: field.string(name('AccountNumber')),
      size: field.integer(name('NumberOfEmployees')),
    },
  });
}
