import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import { migrators } from '../../migrators';
import { Contact, Interaction, Organisation, Sector } from '../../models';
import { defineMigrator, field, LegacyModel, type Migrator } from '../../src';
import { dataverseMigrators } from '../support/dataverse-migrators';
import type { Face } from '../support/dual-world';

/** Something to be done: a model whose rows are kept when they are deleted (`paranoid`). */
export class Errand extends LegacyModel<InferAttributes<Errand>, InferCreationAttributes<Errand>> {
  declare id: CreationOptional<string>;
  declare subject: string;
  declare notes: CreationOptional<string | null>;
}

/** A further sector of an organisation: a native link of the CRM. */
export class SectorLink extends LegacyModel<
  InferAttributes<SectorLink>,
  InferCreationAttributes<SectorLink>
> {
  declare id: CreationOptional<number>;
  declare organisationId: string;
  declare sectorId: number;
}

/** The models that crashes concern. */
export interface CrashModels {
  readonly Organisation: typeof Organisation;
  readonly Contact: typeof Contact;
  readonly Sector: typeof Sector;
  readonly Errand: typeof Errand;
  readonly SectorLink: typeof SectorLink;
}

/** Bind two more models, after the example's: one that is paranoid, and a native link. */
export function defineCrashModels(sequelize: Sequelize): CrashModels {
  Errand.init(
    {
      id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
      subject: { type: DataTypes.STRING(200), allowNull: false },
      notes: DataTypes.TEXT,
    },
    { sequelize, tableName: 'errands', underscored: true, paranoid: true },
  );
  SectorLink.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      organisationId: { type: DataTypes.UUID, allowNull: false },
      sectorId: { type: DataTypes.INTEGER, allowNull: false },
    },
    { sequelize, tableName: 'sector_links', underscored: true },
  );
  const ends = { foreignKey: 'organisationId', otherKey: 'sectorId' };
  const through = { model: SectorLink };
  Organisation.belongsToMany(Sector, { as: 'furtherSectors', through, ...ends });
  return { Organisation, Contact, Sector, Errand, SectorLink };
}

/** The mappings of those models on a face. */
export function crashMigrators(face: Face): readonly Migrator[] {
  const own = face === 'dataverse' ? dataverseMigrators : migrators;
  const others = own.filter(({ model }) => model !== Interaction);
  return [...others, errandMigrator(face), linkMigrator(face)];
}

function errandMigrator(face: Face): Migrator {
  const isDataverse = face === 'dataverse';
  const name = (property: string): string => (isDataverse ? property.toLowerCase() : property);
  return defineMigrator(Errand, {
    entitySet: isDataverse ? 'optevia_interactions' : 'optevia_interactionSet',
    key: name('optevia_interactionId'),
    logicalName: 'optevia_interaction',
    fields: {
      subject: field.string(name('optevia_Subject')),
      notes: field.text(name('optevia_Notes')),
    },
  });
}

function linkMigrator(face: Face): Migrator {
  const isDataverse = face === 'dataverse';
  return defineMigrator(SectorLink, {
    entitySet: isDataverse ? 'optevia_account_sectorset' : 'optevia_account_sectorSet',
    key: isDataverse ? 'optevia_account_sectorid' : 'optevia_account_sectorId',
    fields: {
      organisationId: field.lookup('accountid', { model: 'Organisation' }),
      sectorId: field.lookup('optevia_sectorid', { model: 'Sector' }),
    },
    link: { navigation: 'optevia_account_sector', from: 'organisationId', to: 'sectorId' },
  });
}
