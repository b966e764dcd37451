import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
  type Sequelize,
} from 'sequelize';
import {
  defineMigrator,
  field,
  LegacyModel,
  type Migrator,
  type MigratorDefinition,
} from '../../src';
import { openDualWorld, type DualWorld, type Face, type WorldOptions } from './dual-world';

/** A club of the tests: an account of the CRM, which is made inactive when it is destroyed. */
export class Club extends LegacyModel<InferAttributes<Club>, InferCreationAttributes<Club>> {
  declare id: CreationOptional<number>;
  declare name: string;
  declare size: CreationOptional<number | null>;
  /** The record's own state, where the mapping has it. */
  declare state: CreationOptional<number | null>;
  /** Not mapped. */
  declare note: CreationOptional<string | null>;
  declare members?: NonAttribute<Member[]>;
}

/** A member of a club: a contact of the CRM. */
export class Member extends LegacyModel<InferAttributes<Member>, InferCreationAttributes<Member>> {
  declare id: CreationOptional<number>;
  declare name: string;
  declare clubId: CreationOptional<number | null>;
  declare club?: NonAttribute<Club | null>;
}

/** The models of a world. They are its own: what is known of a table is kept with the class. */
export interface ClubModels {
  readonly Club: typeof Club;
  readonly Member: typeof Member;
}

function clubModels(): ClubModels {
  return { Club: class extends Club {}, Member: class extends Member {} };
}

/** What a test may choose beside what every world has. */
export interface ClubOptions extends Omit<WorldOptions, 'face' | 'remap'> {
  /** Destroyed rows stay, with `deletedAt`. Default true. */
  readonly paranoid?: boolean;
  /** Default `'deactivate'`. */
  readonly onDestroy?: MigratorDefinition['onDestroy'];
  readonly follow?: boolean;
  /** Map the record's own state, too. */
  readonly mapsState?: boolean;
  /** What the table does with members of a club that is deleted. Default `'NO ACTION'`. */
  readonly onDelete?: string;
}

/** A world of clubs and members. */
export interface ClubWorld extends DualWorld, ClubModels {
  /** Names and states of the clubs that the CRM has: `{ Chess: 0 }`. */
  states(): Promise<Record<string, unknown>>;
  /** Make a club inactive, or active, as a CRM user. */
  setState(name: string, state: 0 | 1): Promise<void>;
  /** Make a club as a CRM user; gives its key. */
  addClub(name: string, values?: Readonly<Record<string, number>>): Promise<string>;
  /** Make a member as a CRM user; gives its key. */
  addMember(name: string, clubKey: string): Promise<string>;
}

/** Open a world of clubs and members; the caller closes it. */
export async function openClubWorld(face: Face, options: ClubOptions = {}): Promise<ClubWorld> {
  const { paranoid, onDestroy, follow, mapsState, onDelete, ...others } = options;
  const models = clubModels();
  const world = await openDualWorld({
    recoverEveryMs: 0,
    timeoutMs: 1500,
    ...others,
    face,
    remap: ([first]) => {
      if (!first?.model.sequelize) throw new Error('The models come first.');
      initClubs(first.model.sequelize, models, { paranoid, onDelete });
      return clubMigrators(face, models, { onDestroy, follow, mapsState });
    },
  });
  await models.Club.sync();
  await models.Member.sync();
  const { sandbox } = world;
  const keyOf = async (name: string): Promise<string> => {
    const found = (await sandbox.records('account')).find(({ Name }) => Name === name);
    return String(found?.AccountId);
  };
  return {
    ...world,
    ...models,
    reset: async () => {
      await world.reset();
      await world.sequelize.query('TRUNCATE clubs, members RESTART IDENTITY');
    },
    states: async () =>
      Object.fromEntries(
        (await sandbox.records('account')).map(({ Name, StateCode }) => [String(Name), StateCode]),
      ),
    setState: async (name, StateCode) => {
      await sandbox.editAsLegacyUser('account', await keyOf(name), { StateCode });
    },
    addClub: async (Name, values = {}) => {
      const made = await sandbox.createAsLegacyUser('account', { Name, ...values });
      return String(made.AccountId);
    },
    addMember: async (LastName, clubKey) => {
      const values = { LastName, ParentCustomerId: clubKey };
      return String((await sandbox.createAsLegacyUser('contact', values)).ContactId);
    },
  };
}

function initClubs(
  sequelize: Sequelize,
  { Club, Member }: ClubModels,
  { paranoid = true, onDelete = 'NO ACTION' }: Pick<ClubOptions, 'paranoid' | 'onDelete'>,
): void {
  Club.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      name: { type: DataTypes.STRING(100), allowNull: false },
      size: DataTypes.INTEGER,
      state: DataTypes.INTEGER,
      note: DataTypes.TEXT,
    },
    { sequelize, modelName: 'Club', tableName: 'clubs', underscored: true, paranoid },
  );
  Member.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      name: { type: DataTypes.STRING(100), allowNull: false },
      clubId: DataTypes.INTEGER,
    },
    { sequelize, modelName: 'Member', tableName: 'members', underscored: true, paranoid: false },
  );
  Club.hasMany(Member, { as: 'members', foreignKey: 'clubId', onDelete });
  Member.belongsTo(Club, { as: 'club', foreignKey: 'clubId', onDelete });
}

function clubMigrators(
  face: Face,
  { Club, Member }: ClubModels,
  {
    onDestroy = 'deactivate',
    follow = false,
    mapsState = false,
  }: Pick<ClubOptions, 'onDestroy' | 'follow' | 'mapsState'>,
): Migrator[] {
  const isDataverse = face === 'dataverse';
  const name = (property: string): string => (isDataverse ? property.toLowerCase() : property);
  const club = defineMigrator(Club, {
    entitySet: isDataverse ? 'accounts' : 'AccountSet',
    key: name('AccountId'),
    logicalName: 'account',
    fields: {
      name: field.string(name('Name')),
      size: field.integer(name('NumberOfEmployees')),
      ...(mapsState && { state: field.optionSet(name('StateCode')) }),
    },
    ...{ onDestroy, follow },
  });
  const member = defineMigrator(Member, {
    entitySet: isDataverse ? 'contacts' : 'ContactSet',
    key: name('ContactId'),
    logicalName: 'contact',
    fields: {
      name: field.string(name('LastName')),
      clubId: field.lookup(name('ParentCustomerId'), { model: 'Club' }),
    },
  });
  return [club, member];
}
