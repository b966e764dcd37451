import type { Sequelize } from 'sequelize';
import {
  createLegacyClient,
  type LegacyClient,
  type LegacyClientOptions,
} from '../../legacy-client';
import {
  startSandbox,
  type JournalEntry,
  type Sandbox,
  type SandboxLogin,
} from '../../legacy-client/sandbox';
import { migrators as dynamics2011Migrators } from '../../migrators';
import { defineModels, type Models } from '../../models';
import { connectLegacy, type ConnectOptions, type DualWrite, type Migrator } from '../../src';
import { createTestDatabase, emptyTables, openSequelize, type TestDatabase } from './database';
import { dataverseMigrators } from './dataverse-migrators';

/** The two faces of the sandbox. */
export type Face = 'dynamics2011' | 'dataverse';

/** A database, a CRM, and the example's models kept in both. */
export interface DualWorld {
  readonly database: TestDatabase;
  readonly sequelize: Sequelize;
  readonly sandbox: Sandbox;
  readonly client: LegacyClient;
  readonly models: Models;
  readonly dualWrite: DualWrite;
  /** The requests since the last call of this, as `GET AccountSet`, `MERGE AccountSet`. */
  legacyCalls(): Promise<string[]>;
  journal(): Promise<JournalEntry[]>;
  /** Empty tables and an empty CRM. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** What a test may choose. */
export interface WorldOptions extends Partial<ConnectOptions> {
  readonly face?: Face;
  readonly timeoutMs?: number;
  /** What the CRM wants, and how to log in to it as `sandbox`, `sandbox`. */
  readonly login?: SandboxLogin;
  readonly auth?: (sandboxUrl: string) => NonNullable<LegacyClientOptions['auth']>;
  /** Whether the CRM takes keys that a client has chosen. */
  readonly clientKeys?: boolean;
  /** What the client is told that the CRM can do. */
  readonly capabilities?: LegacyClientOptions['capabilities'];
  /** Change the mappings that the face has. */
  readonly remap?: (migrators: readonly Migrator[]) => readonly Migrator[];
  readonly onWrite?: Parameters<typeof startSandbox>[0] extends infer O
    ? O extends { onWrite?: infer W }
      ? W
      : never
    : never;
}

const bookkeeping = [
  ...['dual_write_known', 'dual_write_rejected', 'dual_write_feeds', 'dual_write_lacking'],
  ...['record_versions', 'record_revisions'],
];

/** The tables of the example, those first that refer to others. */
function tablesOf(models: Models): string[] {
  return Object.values(models)
    .map((model) => model.getTableName() as string)
    .reverse();
}

/** Open a world; the caller closes it. */
export async function openDualWorld(options: WorldOptions = {}): Promise<DualWorld> {
  const { face = 'dynamics2011', timeoutMs = 5000, remap, onWrite, ...others } = options;
  const { login, auth, clientKeys, capabilities, ...connect } = others;
  const database = await createTestDatabase();
  const sequelize = openSequelize(database);
  const sandbox = await startSandbox({ onWrite, login, clientKeys });
  const models = defineModels(sequelize);
  await sequelize.sync();
  const client = createLegacyClient({
    baseUrl: face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011,
    dialect: face,
    timeoutMs,
    ...(auth === undefined ? {} : { auth: auth(sandbox.url) }),
    ...(capabilities && { capabilities }),
  });
  const own = face === 'dataverse' ? dataverseMigrators : dynamics2011Migrators;
  const migrators = remap ? remap(own) : own;
  const dualWrite = await connectLegacy(sequelize, { client, migrators, ...connect });
  await dualWrite.prepare();
  return {
    database,
    sequelize,
    sandbox,
    client,
    models,
    dualWrite,
    legacyCalls: async () => {
      const entries = await sandbox.journal();
      await sandbox.clearJournal();
      return entries.map((entry) => `${entry.method} ${entry.entitySet}`);
    },
    journal: () => sandbox.journal(),
    reset: async () => {
      await sandbox.reset();
      await emptyTables(sequelize, [...tablesOf(models), ...bookkeeping]);
    },
    close: async () => {
      await dualWrite.close();
      client.close();
      await sandbox.close();
      await sequelize.close();
      await database.drop();
    },
  };
}
