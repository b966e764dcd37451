import type { ModelStatic } from 'sequelize';
import { compare, type Comparison, type Variant } from '../compare';
import { plainOrganisation, type Row } from '../plain-models';
import { count, each, type Scenario } from './scenario';

const rowCount = 1000;

/** Reads that skip the legacy system, against the same reads without the library. */
export const skippedReads: Scenario = {
  name: 'skipped-reads',
  run: async (stage) => {
    const { Organisation } = stage.models;
    await stage.connect('dynamics2011');
    await stage.fill(rowCount);
    const ids = (await Organisation.findAll()).map(({ id }) => id).slice(0, 200);
    const models = {
      'plain Sequelize': plainOrganisation(stage.sequelize),
      'skipLegacy()': Organisation.skipLegacy() as unknown as ModelStatic<Row>,
    };
    const variants = (read: (model: ModelStatic<Row>) => Promise<undefined>): Variant[] =>
      Object.entries(models).map(([name, model]) => ({ name, run: () => read(model) }));
    const common: Pick<Comparison, 'rounds' | 'goals'> = {
      rounds: 21,
      goals: [{ variant: 'skipLegacy()', atMost: 1.05 }],
    };
    return [
      await compare({
        ...common,
        title: `findAll of ${rowCount} rows, 3 times, skipped`,
        variants: variants((model) => each(count(3), () => model.findAll())),
      }),
      await compare({
        ...common,
        title: `findByPk of ${ids.length} rows, skipped`,
        variants: variants((model) => each(ids, (id) => model.findByPk(id))),
      }),
    ];
  },
};
