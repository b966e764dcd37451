import type { ModelStatic } from 'sequelize';
import { compare, type Variant } from '../compare';
import { plainOrganisation, type Row, timestampedOrganisation } from '../plain-models';
import { each, type Scenario } from './scenario';

const saves = 100;

/** Saves that skip the legacy system, against the same saves with versions and without anything. */
export const skippedSaves: Scenario = {
  name: 'skipped-saves',
  run: async (stage) => {
    const { sequelize } = stage;
    const { Organisation } = stage.models;
    await stage.connect('dynamics2011');
    await stage.fill(4 * saves);
    const ids = (await Organisation.findAll()).map(({ id }) => id);
    let edition = 0;
    const rename = (row: Row): Row => row.set('name', `Fictional Edition ${edition}`);
    const variant = async (
      name: string,
      model: ModelStatic<Row>,
      save: (row: Row) => Promise<unknown>,
    ): Promise<Variant> => {
      const rows = await model.findAll({ where: { id: ids.splice(0, saves) } });
      return {
        name,
        run: () => {
          edition += 1;
          return each(rows, (row) => save(rename(row)));
        },
      };
    };
    const plain = plainOrganisation(sequelize);
    const timestamped = timestampedOrganisation(sequelize);
    const skipped = Organisation.skipLegacy() as unknown as ModelStatic<Row>;
    const inTransaction = (row: Row): Promise<unknown> =>
      sequelize.transaction((transaction) => row.save({ transaction }));
    const variants = [
      await variant('with versions, without the legacy system', timestamped, (row) => row.save()),
      await variant('skipLegacy()', skipped, (row) => row.save()),
      await variant('plain Sequelize', plain, (row) => row.save()),
      await variant('plain Sequelize, each in a transaction', plain, inTransaction),
    ];
    return [
      await compare({
        title: `save of ${saves} changed rows, one by one, skipped`,
        variants,
        rounds: 15,
        goals: [{ variant: 'skipLegacy()', atMost: 1.05 }],
      }),
    ];
  },
};
