import type { DialectName } from '../../legacy-client';
import type { IntrospectionPlan, ModelPlan } from './plan';
import { commented, quoted } from './source-text';
import { parentsFirst } from './write-model';

/** The source of a migrator's file. */
export function migratorSource(plan: ModelPlan, dialect: DialectName): string {
  const { model, entity, key, attributes, leftOut } = plan;
  return `import { defineMigrator, field } from 'sequelize-dual-write';
import { ${model} } from '../models';
${leftOutComment(leftOut)}
export const ${variableOf(plan)} = defineMigrator(${model}, {
  entitySet: ${quoted(entity.entitySet)},
  key: ${quoted(key)},
${logicalName(plan, dialect)}${stamps(plan)}  fields: {
${attributes.map(({ attribute, field }) => `    ${attribute}: ${field},`).join('\n')}
  },
});
`;
}

function logicalName({ entity }: ModelPlan, dialect: DialectName): string {
  const isDynamics = dialect === 'dynamics2011' || dialect === 'dataverse';
  return isDynamics ? `  logicalName: ${quoted(entity.name.toLowerCase())},\n` : '';
}

/** Where the service has not the stamps that its dialect usually has. */
function stamps({ modifiedOn, createdOn }: ModelPlan): string {
  const lines = Object.entries({ modifiedOn, createdOn }).filter(([, stamp]) => stamp === null);
  return lines.map(([name]) => `  ${name}: null,\n`).join('');
}

function leftOutComment(leftOut: ModelPlan['leftOut']): string {
  if (leftOut.length === 0) return '';
  const lines = leftOut.map(
    ({ property, reason }) => `// - ${commented(property)}: ${commented(reason)}`,
  );
  return `\n// Not mapped:\n${lines.join('\n')}\n`;
}

function variableOf({ model }: ModelPlan): string {
  return `${model.charAt(0).toLowerCase()}${model.slice(1)}Migrator`;
}

/** The source of `migrators/index.ts`. */
export function migratorIndexSource({ models }: IntrospectionPlan): string {
  const imports = [...models]
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map((plan) => `import { ${variableOf(plan)} } from './${plan.file}';`);
  return `${imports.join('\n')}

/** The mapping of every model, for \`connectLegacy\`; those that others refer to come first. */
export const migrators = [
${parentsFirst(models)
  .map((plan) => `  ${variableOf(plan)},`)
  .join('\n')}
];
`;
}
