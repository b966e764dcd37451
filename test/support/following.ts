import type { ModelAttributes, ModelStatic, Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { migrators as dynamics2011Migrators } from '../../migrators';
import {
  connectLegacy,
  defineMigrator,
  LegacyModel,
  type ConnectOptions,
  type DualWrite,
  type FollowOptions,
  type Migrator,
} from '../../src';
import type { Models } from '../../models';
import { openSequelize } from './database';
import { dataverseMigrators } from './dataverse-migrators';
import type { DualWorld, Face } from './dual-world';

type Remap = (migrators: readonly Migrator[]) => readonly Migrator[];

/** The same mappings, with these models followed. */
export function following(names: readonly string[], follow: boolean | FollowOptions = true): Remap {
  return (migrators) =>
    migrators.map(({ model, definition }) =>
      names.includes(model.name)
        ? defineMigrator(model, { ...definition, follow })
        : { model, definition },
    );
}

/** Another connection on a world's database, as good as another process. */
export interface Process {
  /** Without associations. */
  readonly models: Models;
  readonly dualWrite: DualWrite;
  close(): Promise<void>;
}

/** What another process may do otherwise. */
export interface ProcessOptions extends Partial<Omit<ConnectOptions, 'client' | 'migrators'>> {
  readonly face: Face;
  readonly remap?: Remap;
  readonly pageSize?: number;
  readonly baseUrl?: string;
}

/** Join a world with models, connections and a client of one's own; the caller closes it. */
export async function joinProcess(world: DualWorld, options: ProcessOptions): Promise<Process> {
  const { face, remap, pageSize, baseUrl, ...connect } = options;
  const sequelize = openSequelize(world.database);
  const models = Object.values(world.models).map((model) => copyOf(model, sequelize));
  const root = face === 'dataverse' ? world.sandbox.urlDataverse : world.sandbox.url2011;
  const client = createLegacyClient({
    baseUrl: baseUrl ?? root,
    dialect: face,
    ...(pageSize !== undefined && { pageSize }),
  });
  const own = face === 'dataverse' ? dataverseMigrators : dynamics2011Migrators;
  const migrators = (remap ? remap(own) : own).map(({ model, definition }) =>
    defineMigrator(sequelize.model(model.name), definition),
  );
  const dualWrite = await connectLegacy(sequelize, { client, migrators, ...connect });
  return {
    models: Object.fromEntries(models.map((model) => [model.name, model])) as unknown as Models,
    dualWrite,
    close: async () => {
      await dualWrite.close();
      client.close();
      await sequelize.close();
    },
  };
}

const provided = ['createdAt', 'modifiedAt', 'legacyId', 'legacyModifiedAt', 'legacyVersion'];

/** NOTE: a model class can be bound to one Sequelize instance only. */
function copyOf(model: ModelStatic<LegacyModel>, sequelize: Sequelize): ModelStatic<LegacyModel> {
  const Copy = class extends LegacyModel {};
  Object.defineProperty(Copy, 'name', { value: model.name });
  const attributes: ModelAttributes = {};
  for (const [name, definition] of Object.entries(model.getAttributes())) {
    const { type, allowNull, defaultValue, primaryKey, field } = definition;
    if (provided.includes(name)) continue;
    attributes[name] = {
      ...{ type, field, primaryKey },
      ...(allowNull !== undefined && { allowNull }),
      ...(defaultValue !== undefined && { defaultValue }),
    };
  }
  const tableName = model.getTableName() as string;
  Copy.init(attributes as never, { sequelize, tableName, underscored: true });
  return Copy;
}
