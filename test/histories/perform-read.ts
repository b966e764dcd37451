import type { FindOptions, Model, ModelStatic } from 'sequelize';
import type { Application } from './connected-models';
import type { Read, Report, ShownRow } from './orders';
import { type Cell, type ModelName, shapes } from './state';

const partners: Readonly<Record<ModelName, string>> = {
  Organisation: 'parent',
  Contact: 'organisation',
};

/** A row with its link, which was included; a link is shown by the name of what it leads to. */
function shown(model: ModelName, row: Model): ShownRow {
  const { name, texts, numbers, link } = shapes[model];
  const partner = row.get(partners[model]) as Model | null | undefined;
  const cells = [...Object.keys(texts), ...Object.keys(numbers)].map(
    (attribute): [string, Cell] => [attribute, row.get(attribute) as Cell],
  );
  const linked = partner ? (partner.get('name') as string) : null;
  return {
    name: row.get(name.attribute) as string,
    cells: { ...Object.fromEntries(cells), [link.attribute]: linked },
  };
}

/** Carry out a read. */
export async function performRead({ models }: Application, read: Read): Promise<Report> {
  const model = models[read.model] as unknown as ModelStatic<Model>;
  const { attribute } = shapes[read.model].name;
  const include = [partners[read.model]];
  if (read.how === 'count') return { type: 'done', count: await model.count() };
  if (read.how === 'each') {
    const rows: ShownRow[] = [];
    for (const name of read.names) {
      const row = await model.findOne({ where: { [attribute]: name }, include });
      if (row) rows.push(shown(read.model, row));
    }
    return { type: 'done', rows };
  }
  const options: FindOptions = { include };
  if (read.how === 'named') options.where = { [attribute]: read.names };
  if (read.how === 'included') options.include = { all: true };
  const rows = await model.findAll(options);
  return { type: 'done', rows: rows.map((row) => shown(read.model, row)) };
}
