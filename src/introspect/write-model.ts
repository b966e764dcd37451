import { attributeNames, pluralOf, tableName, type UniqueNames } from './names';
import type { AttributePlan, IntrospectionPlan, ModelPlan } from './plan';
import { commented, quoted } from './source-text';

/** The source of `models/base.ts`. */
export const baseSource = `export { LegacyModel as ApplicationModel } from 'sequelize-dual-write';
`;

/** The source of a model's file. */
export function modelSource(plan: ModelPlan): string {
  const { model, attributes } = plan;
  return `import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import { ApplicationModel } from './base';

/** ${commented(`${plan.entity.name}, from the entity set ${plan.entity.entitySet}.`)} */
export class ${model} extends ApplicationModel<
  InferAttributes<${model}>,
  InferCreationAttributes<${model}>
> {
  declare id: CreationOptional<string>;
${attributes.map(declaration).join('\n')}
}

/** Bind the model to its table. */
export function init${model}(sequelize: Sequelize): void {
  ${model}.init(
    {
      id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
${attributes.map(column).join('\n')}
    },
    { sequelize, tableName: ${quoted(tableName(model))}, underscored: true },
  );
}
`;
}

function declaration({ attribute, tsType, nullable, target }: AttributePlan): string {
  const guess = target?.isGuessed
    ? `  /** To ${target.model.model} by its name: the metadata does not say what it points to. */\n`
    : '';
  const type = nullable ? `CreationOptional<${tsType} | null>` : tsType;
  return `${guess}  declare ${attribute}: ${type};`;
}

function column(plan: AttributePlan): string {
  return `      ${columnSource(plan)},`;
}

/** `name: DataTypes.STRING(160)` */
export function columnSource({ attribute, dataType, nullable }: AttributePlan): string {
  return nullable
    ? `${attribute}: ${dataType}`
    : `${attribute}: { type: ${dataType}, allowNull: false }`;
}

/** The source of `models/index.ts`: all models, bound to each other by their lookups. */
export function modelIndexSource({ models }: IntrospectionPlan): string {
  const ordered = parentsFirst(models);
  const names = models.map(({ model }) => model);
  const taken = new Map(models.map((plan) => [plan, takenNames(plan)]));
  return `import type { Sequelize } from 'sequelize';
${[...models]
  .sort(byFile)
  .map(({ model, file }) => `import { init${model}, ${model} } from './${file}';`)
  .join('\n')}

export { ${[...names].sort().join(', ')} };

const models = { ${ordered.map(({ model }) => model).join(', ')} };

/** The models, by name; those that others refer to come first. */
export type Models = typeof models;

/** Bind all models to a database and to each other. The tables are not made. */
export function defineModels(sequelize: Sequelize): Models {
${ordered.map(({ model }) => `  init${model}(sequelize);`).join('\n')}

${ordered.flatMap((plan) => associations(plan, ordered, taken)).join('\n')}
  return models;
}
`;
}

/** NOTE: an association cannot have the name of an attribute, nor two of them the same. */
function takenNames({ attributes }: ModelPlan): UniqueNames {
  const names = attributeNames();
  for (const { attribute, target } of attributes) {
    names.choose(attribute);
    if (target) names.choose(target.as);
  }
  return names;
}

function associations(
  plan: ModelPlan,
  ordered: readonly ModelPlan[],
  taken: ReadonlyMap<ModelPlan, UniqueNames>,
): string[] {
  const lookups = plan.attributes.flatMap(({ attribute, target }) =>
    target ? [{ attribute, ...target }] : [],
  );
  return lookups.flatMap(({ attribute, model: target, as }) => {
    const several = lookups.filter(({ model }) => model === target).length > 1;
    const names = taken.get(target) ?? attributeNames();
    const children = childrenName(plan, names, { as, several });
    // Two tables that refer to each other cannot both be made with the other's constraint.
    const isCircle = ordered.indexOf(target) > ordered.indexOf(plan);
    const options = `foreignKey: ${quoted(attribute)}${isCircle ? ', constraints: false' : ''}`;
    return [
      `  ${plan.model}.belongsTo(${target.model}, { as: ${quoted(as)}, ${options} });`,
      `  ${target.model}.hasMany(${plan.model}, { as: ${quoted(children)}, ${options} });`,
    ];
  });
}

/** `contacts`; `accountsAsParent` where several lookups lead to the same model, or it is taken. */
function childrenName(
  { model }: ModelPlan,
  names: UniqueNames,
  { as, several }: { readonly as: string; readonly several: boolean },
): string {
  const plural = pluralOf(model.charAt(0).toLowerCase() + model.slice(1));
  const longer = `${plural}As${as.charAt(0).toUpperCase()}${as.slice(1)}`;
  return several ? names.choose(longer) : names.choose(plural, longer);
}

function byFile(a: ModelPlan, b: ModelPlan): number {
  return a.file < b.file ? -1 : 1;
}

/** The models such that those that others refer to come first, as far as there are no circles. */
export function parentsFirst(models: readonly ModelPlan[]): ModelPlan[] {
  const ordered: ModelPlan[] = [];
  const visited = new Set<ModelPlan>();
  const visit = (plan: ModelPlan): void => {
    if (visited.has(plan)) return;
    visited.add(plan);
    for (const { target } of plan.attributes) if (target) visit(target.model);
    ordered.push(plan);
  };
  models.forEach(visit);
  return ordered;
}
