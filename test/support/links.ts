import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Model,
  type Sequelize,
} from 'sequelize';
import { Organisation, Sector } from '../../models';
import { defineMigrator, field, LegacyModel, type Migrator } from '../../src';
import { openDualWorld, type DualWorld, type Face, type WorldOptions } from './dual-world';

/** A further sector of an organisation: a native link of the CRM. */
export class OrganisationSector extends LegacyModel<
  InferAttributes<OrganisationSector>,
  InferCreationAttributes<OrganisationSector>
> {
  declare id: CreationOptional<number>;
  declare organisationId: string;
  declare sectorId: number;
  /** Not mapped. */
  declare note: CreationOptional<string | null>;
}

/** The logical name of the CRM's entity. */
export const linkEntity = 'optevia_account_sector';

/** The mapping on a face. */
function linkMigrator(face: Face, follow: boolean): Migrator {
  const isDataverse = face === 'dataverse';
  return defineMigrator(OrganisationSector, {
    entitySet: isDataverse ? 'optevia_account_sectorset' : 'optevia_account_sectorSet',
    key: isDataverse ? 'optevia_account_sectorid' : 'optevia_account_sectorId',
    fields: {
      organisationId: field.lookup('accountid', { model: 'Organisation' }),
      sectorId: field.lookup('optevia_sectorid', { model: 'Sector' }),
    },
    follow,
    link: { navigation: 'optevia_account_sector', from: 'organisationId', to: 'sectorId' },
  });
}

/** Bind the model, and the associations through it: `furtherSectors` and `furtherOrganisations`. */
function initOrganisationSector(sequelize: Sequelize): void {
  OrganisationSector.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      organisationId: { type: DataTypes.UUID, allowNull: false },
      sectorId: { type: DataTypes.INTEGER, allowNull: false },
      note: DataTypes.TEXT,
    },
    { sequelize, tableName: 'organisation_sectors', underscored: true },
  );
  const through = { model: OrganisationSector };
  Organisation.belongsToMany(Sector, {
    as: 'furtherSectors',
    through,
    foreignKey: 'organisationId',
    otherKey: 'sectorId',
  });
  Sector.belongsToMany(Organisation, {
    as: 'furtherOrganisations',
    through,
    foreignKey: 'sectorId',
    otherKey: 'organisationId',
  });
}

/** Open a world with native links; the caller closes it. */
export async function openLinkWorld(
  face: Face,
  options: Omit<WorldOptions, 'face' | 'remap'> & { readonly follow?: boolean } = {},
): Promise<DualWorld> {
  const { follow = false, ...others } = options;
  const world = await openDualWorld({
    face,
    timeoutMs: 1500,
    ...others,
    remap: (migrators) => {
      const sequelize = migrators[0]?.model.sequelize;
      if (!sequelize) throw new Error('The models come first.');
      initOrganisationSector(sequelize);
      return [...migrators, linkMigrator(face, follow)];
    },
  });
  await OrganisationSector.sync();
  const reset = async (): Promise<void> => {
    await world.sandbox.reset();
    await world.sequelize.query(
      `TRUNCATE organisations, sectors, organisation_sectors, dual_write_known, dual_write_intents,
       dual_write_rejected, dual_write_feeds, record_revisions, record_versions
       RESTART IDENTITY CASCADE`,
    );
  };
  return { ...world, reset };
}

/** The accessors that Sequelize makes of the associations. */
type Accessors = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** An instance with its accessors. */
export function accessorsOf(instance: Model): Accessors {
  return instance as unknown as Accessors;
}
