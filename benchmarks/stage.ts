import { Sequelize } from 'sequelize';
import { createLegacyClient } from '../legacy-client';
import { startSandboxProcess, type Sandbox } from '../legacy-client/sandbox';
import { migrators } from '../migrators';
import { defineModels, type Models } from '../models';
import { connectLegacy, type DualWrite } from '../src';
import { databaseServer } from '../src/example/embedded-postgres';
import { sampleRecords } from '../src/example/sample-records';
import { dataverseMigrators } from '../test/support/dataverse-migrators';

/** The two faces of the sandbox. */
export const faces = ['dynamics2011', 'dataverse'] as const;

/** One of the two. */
export type Face = (typeof faces)[number];

/** A PostgreSQL, a CRM in a process of its own, and the example application's models. */
export interface Stage {
  readonly databaseUrl: string;
  readonly sequelize: Sequelize;
  readonly models: Models;
  readonly sandbox: Sandbox;
  /**
   * Join the models to one face of the CRM, in place of what they were joined to.
   *
   * @param root - of another service of that kind.
   */
  connect(face: Face, root?: string): Promise<DualWrite>;
  /** The service root of a face. */
  readonly rootOf: (face: Face) => string;
  /** Empty the tables here. */
  empty(): Promise<void>;
  /** Empty both sides, and put this many organisations into the CRM. */
  fill(organisations: number): Promise<void>;
  close(): Promise<void>;
}

const noConnection = (): Promise<void> => Promise.resolve();

/** Open a stage on a PostgreSQL of its own; the caller closes it. */
export async function openStage(): Promise<Stage> {
  // Refreshing row by row commits row by row: without a disk to wait for, that would cost nothing.
  const server = await databaseServer({ durable: true });
  const sandbox = await startSandboxProcess();
  const sequelize = new Sequelize(server.url, { logging: false });
  const models = defineModels(sequelize);
  await sequelize.sync();
  let disconnect = noConnection;
  const rootOf = (face: Face): string =>
    face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011;
  return {
    databaseUrl: server.url,
    sequelize,
    models,
    sandbox,
    rootOf,
    connect: async (face, root = rootOf(face)) => {
      await disconnect();
      const connected = await connectFace(sequelize, face, root);
      disconnect = () => connected.close();
      return connected.dualWrite;
    },
    empty: () => emptyTables(sequelize, models),
    fill: async (organisations) => {
      await emptyTables(sequelize, models);
      await fillCrm(sandbox, organisations);
    },
    close: async () => {
      await disconnect();
      await sequelize.close();
      await sandbox.close();
      await server.stop();
    },
  };
}

/** Join the models of an instance to a face of a CRM, with tables prepared. */
export async function connectFace(
  sequelize: Sequelize,
  face: Face,
  baseUrl: string,
): Promise<{ readonly dualWrite: DualWrite; close(): Promise<void> }> {
  const client = createLegacyClient({ baseUrl, dialect: face });
  const own = face === 'dataverse' ? dataverseMigrators : migrators;
  const dualWrite = await connectLegacy(sequelize, { client, migrators: own });
  await dualWrite.prepare();
  return {
    dualWrite,
    close: async () => {
      await dualWrite.close();
      client.close();
    },
  };
}

async function emptyTables(sequelize: Sequelize, models: Models): Promise<void> {
  const own = Object.values(models).map((model) => `"${model.tableName}"`);
  await sequelize.query(
    `TRUNCATE ${own.join(', ')}, dual_write_known, dual_write_rejected, record_revisions,
     record_versions RESTART IDENTITY`,
  );
}

/** Organisations, and what they refer to. */
const filled = ['optevia_country', 'optevia_sector', 'account'];

/**
 * Replace what the CRM holds.
 *
 * @param edition - makes a new name and a later stamp for each organisation, on the same keys.
 */
export async function fillCrm(sandbox: Sandbox, organisations: number, edition = 0): Promise<void> {
  await sandbox.reset();
  for (const { logicalName, records } of sampleRecords(organisations)) {
    if (!filled.includes(logicalName)) continue;
    const isEdited = logicalName === 'account' && edition > 0;
    const stamp = new Date(Date.UTC(2025, 0, 1) + edition * 60_000);
    await sandbox.load(
      logicalName,
      isEdited
        ? records.map((record, at) => ({
            ...record,
            Name: `Fictional Edition ${edition} no. ${at}`,
            ModifiedOn: stamp,
          }))
        : records,
    );
  }
}
