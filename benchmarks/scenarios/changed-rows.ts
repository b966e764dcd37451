import type { ModelStatic, Sequelize } from 'sequelize';
import { randomUUID } from 'node:crypto';
import { getPages, requestsOf } from '../bare-crm';
import { compare, type Result } from '../compare';
import { plainOrganisation, type Row } from '../plain-models';
import { fillCrm, type Stage } from '../stage';
import { each, type Scenario } from './scenario';

const rowCount = 1000;

/** A read of rows that were all changed in the CRM, against refreshing them row by row. */
export const changedRows: Scenario = {
  name: 'changed-rows',
  run: async (stage) => [await compareOn2011(stage)],
};

async function compareOn2011(stage: Stage): Promise<Result> {
  const { sequelize, sandbox } = stage;
  const { Organisation } = stage.models;
  await stage.connect('dynamics2011');
  await stage.fill(rowCount);
  await Organisation.findAll();
  const [first] = await requestsOf(stage, () => Organisation.findAll());
  if (!first) throw new Error('A synced read has sent no request.');
  const plain = plainOrganisation(sequelize);
  let edition = 0;
  const before = async (): Promise<void> => {
    edition += 1;
    await fillCrm(sandbox, rowCount, edition);
  };
  return compare({
    title: `${rowCount} rows changed in the CRM, dynamics2011`,
    rounds: 5,
    goals: [{ variant: 'row by row', atLeast: 20 }],
    variants: [
      {
        name: 'synced findAll',
        before,
        run: async () => {
          await Organisation.findAll();
          return undefined;
        },
      },
      {
        name: 'row by row',
        before,
        run: async () => {
          const records = await getPages(stage, 'dynamics2011', first);
          return each(records as Account[], (account) => refresh(sequelize, plain, account));
        },
      },
    ],
  });
}

/** A record as the 2011 service sends it, as far as it is looked at here. */
interface Account {
  readonly AccountId: string;
  readonly Name: string;
  readonly Description: string | null;
  readonly AccountNumber: string | null;
  readonly Telephone1: string | null;
  readonly WebSiteURL: string | null;
  readonly NumberOfEmployees: number | null;
  /** `/Date(1448547732000)/` */
  readonly ModifiedOn: string;
}

/** What the older system did for each record that a query had brought. */
async function refresh(
  sequelize: Sequelize,
  plain: ModelStatic<Row>,
  account: Account,
): Promise<void> {
  const row = await plain.findOne({ where: { legacyId: account.AccountId } });
  if (!row) throw new Error(`There is no row for ${account.AccountId}.`);
  const stamp = new Date(Number(/\d+/.exec(account.ModifiedOn)?.[0]));
  await row
    .set({
      name: account.Name,
      description: account.Description,
      accountNumber: account.AccountNumber,
      telephone: account.Telephone1,
      website: account.WebSiteURL,
      employees: account.NumberOfEmployees,
    })
    .save();
  // Sequelize puts its own time into the stamp of a save; so the CRM's had to be set afterwards.
  const stamps = { modifiedAt: stamp, legacyModifiedAt: stamp };
  await plain.update(stamps, { where: { id: row.id }, silent: true });
  const revisionId = randomUUID();
  await sequelize.query(
    `INSERT INTO record_revisions (id, comment, at) VALUES ($1, 'legacy refresh', now())`,
    { bind: [revisionId] },
  );
  await sequelize.query(
    `INSERT INTO record_versions (revision_id, model, record_key, kind, "values", at)
     VALUES ($1, 'Organisation', $2, 'updated', $3, now())`,
    { bind: [revisionId, row.id, JSON.stringify(row.get())] },
  );
}
