import * as clsHooked from 'cls-hooked';
import { Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { migrators } from '../../migrators';
import { defineModels } from '../../models';
import { connectLegacy } from '../../src';
import { createNamespace, type Namespace } from '../../src/model/context';
import { type Cost, costOf } from '../compare';
import { each } from './scenario';

/** The namespaces that are compared; the first is what the other is compared with. */
export const namespaceKinds = ["the library's own", 'cls-hooked'] as const;

/** One of them. */
export type NamespaceKind = (typeof namespaceKinds)[number];

const reads = 50;

/** Be the process that reads with one kind of namespace: a message in, a cost out, until the end. */
async function serve(kind: string, databaseUrl: string, crmUrl: string): Promise<void> {
  const namespace: Namespace =
    kind === 'cls-hooked' ? clsHooked.createNamespace('benchmark') : createNamespace();
  Sequelize.useCLS(namespace);
  const sequelize = new Sequelize(databaseUrl, { logging: false });
  const { Organisation } = defineModels(sequelize);
  const client = createLegacyClient({ baseUrl: crmUrl, dialect: 'dynamics2011' });
  const dualWrite = await connectLegacy(sequelize, { client, migrators, namespace });
  const rows = await Organisation.skipLegacy().findAll({ limit: reads, order: ['id'] });
  const inContext = (work: () => Promise<unknown>): Promise<unknown> => {
    let done: Promise<unknown> = Promise.resolve();
    namespace.run(() => {
      done = work();
    });
    return done;
  };
  const run = (): Promise<Cost> =>
    costOf(() => each(rows, ({ id }) => inContext(() => Organisation.findByPk(id))));
  process.on('message', () => {
    void run().then((cost) => process.send?.(cost));
  });
  process.once('disconnect', () => {
    void dualWrite.close().then(() => {
      client.close();
      return sequelize.close();
    });
  });
  process.send?.('ready');
}

const [kind, databaseUrl, crmUrl] = process.argv.slice(2);
if (require.main === module && kind && databaseUrl && crmUrl) {
  void serve(kind, databaseUrl, crmUrl);
}
