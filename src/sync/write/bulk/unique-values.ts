import { Op, type Model, type ModelStatic, type WhereOptions } from 'sequelize';

interface Internals {
  readonly uniqueKeys: Readonly<Record<string, { readonly fields: readonly string[] }>>;
  readonly _indexes: readonly {
    readonly unique?: boolean;
    readonly where?: unknown;
    readonly fields: readonly (string | { readonly name?: string; readonly attribute?: string })[];
  }[];
  readonly fieldRawAttributesMap: Readonly<Record<string, { readonly fieldName: string }>>;
}

function internalsOf(model: ModelStatic<Model>): Internals {
  return model as unknown as Internals;
}

function attributeOf(model: ModelStatic<Model>, column: string): string {
  return internalsOf(model).fieldRawAttributesMap[column]?.fieldName ?? column;
}

function fieldName(field: Internals['_indexes'][number]['fields'][number]): string {
  return typeof field === 'string' ? field : (field.name ?? field.attribute ?? '');
}

/** The attributes of each unique key of a model: primary key, unique columns, unique indexes. */
function uniqueKeysOf(model: ModelStatic<Model>): string[][] {
  const { uniqueKeys, _indexes: indexes } = internalsOf(model);
  const columns = [
    ...Object.values(uniqueKeys).map(({ fields }) => [...fields]),
    ...indexes.filter(({ unique }) => unique).map(({ fields }) => fields.map(fieldName)),
  ];
  return [
    [...model.primaryKeyAttributes],
    ...columns.map((fields) => fields.map((column) => attributeOf(model, column))),
  ];
}

/**
 * The conditions that find the rows with which a new row may clash: one for each unique key of which
 * all values are given.
 *
 * @param values - of one new row, by attribute.
 * @param further - the attributes or columns of a unique key that only the database knows.
 */
export function clashes(
  model: ModelStatic<Model>,
  values: Readonly<Record<string, unknown>>,
  further: readonly string[] = [],
): Record<string, unknown>[] {
  const named = further.map((name) => attributeOf(model, name));
  const keys = [...uniqueKeysOf(model), named];
  return keys.flatMap((attributes): Record<string, unknown>[] => {
    const isWhole = attributes.every((name) => values[name] !== undefined && values[name] !== null);
    if (!isWhole || attributes.length === 0) return [];
    return [Object.fromEntries(attributes.map((name) => [name, values[name]]))];
  });
}

/** Any of these conditions; those on one and the same attribute become a list. */
export function anyOfConditions(conditions: readonly Record<string, unknown>[]): WhereOptions {
  const single = new Map<string, unknown[]>();
  const others: Record<string, unknown>[] = [];
  for (const condition of conditions) {
    const [entry, ...rest] = Object.entries(condition);
    if (!entry || rest.length > 0) others.push(condition);
    else single.set(entry[0], [...(single.get(entry[0]) ?? []), entry[1]]);
  }
  const lists = [...single].map(([name, list]) => ({ [name]: list }));
  return { [Op.or]: [...lists, ...others] };
}

/**
 * The unique key that decides what a duplicate is for `updateOnDuplicate`, as Sequelize chooses it.
 *
 * NOTE: Sequelize takes the first unique column, which would be the library's own `legacyId` in a
 * model that has no other.
 */
export function conflictAttributesOf(model: ModelStatic<Model>): string[] {
  const { uniqueKeys, _indexes: indexes } = internalsOf(model);
  const ofIndexes = indexes
    .filter(({ unique, where }) => unique && !where)
    .flatMap(({ fields }) => fields.map(fieldName));
  const first = Object.values(uniqueKeys).find(
    ({ fields }) =>
      fields.length > 0 && fields.some((column) => attributeOf(model, column) !== 'legacyId'),
  );
  const columns = [...ofIndexes, ...(first?.fields ?? [])];
  return columns.length > 0
    ? columns.map((column) => attributeOf(model, column))
    : [...model.primaryKeyAttributes];
}
