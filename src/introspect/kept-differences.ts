import type { AttributePlan, IntrospectionPlan, ModelPlan } from './plan';
import { columnSource } from './write-model';

/**
 * Compare a file that is kept with what the service says now. It may have been changed by hand, and in
 * its layout: only fields and columns are looked at.
 *
 * @param name - `migrators/account.ts`
 * @returns a line each: `+` what the service has beyond the file, `-` what the file has beyond it.
 */
export function keptDifferences(plan: IntrospectionPlan, name: string, text: string): string[] {
  const [folder, file] = name.replace(/\.ts$/, '').split('/');
  if (file === 'index') {
    return plan.models
      .filter(({ file: own }) => !mentions(text, own))
      .map(({ model }) => `+ ${model}`);
  }
  const model = plan.models.find((one) => one.file === file);
  if (!model) return [];
  return folder === 'migrators' ? fieldDifferences(model, text) : columnDifferences(model, text);
}

function mentions(text: string, file: string): boolean {
  return compact(text).includes(`from'./${file}'`);
}

function fieldDifferences({ attributes, entity, key }: ModelPlan, text: string): string[] {
  const here = compact(text);
  const added = attributes
    .filter(({ field }) => !here.includes(compact(field).slice(0, -1)))
    .map(({ attribute, field }) => `+ ${attribute}: ${field}`);
  const known = new Set(
    [
      ...[key, ...entity.properties.map(({ name }) => name)],
      ...entity.lookups.map(({ navigation }) => navigation),
      ...entity.manyToMany.map(({ navigation }) => navigation),
    ].map(compact),
  );
  const mapped = [...here.matchAll(/field\.(\w+)\('((?:[^'\\]|\\.)+)'/g)];
  const gone = mapped
    .filter(([, , property = '']) => !known.has(property.replaceAll(/\\(.)/g, '$1')))
    .map(([, kind = '', property = '']) => `- field.${kind}('${property}')`);
  return [...added, ...gone];
}

/** Columns that are here, with another type. */
function columnDifferences({ attributes }: ModelPlan, text: string): string[] {
  const here = compact(text);
  return attributes.flatMap((attribute) => {
    const wanted = columnSource(attribute);
    const found = columnIn(here, attribute);
    return found === undefined || found === compact(wanted) ? [] : [`+ ${wanted}`];
  });
}

/** As {@link compact} has it. */
function columnIn(here: string, { attribute }: AttributePlan): string | undefined {
  const begin = [`{${attribute}:`, `,${attribute}:`]
    .map((start) => here.indexOf(start))
    .find((at) => at >= 0);
  if (begin === undefined) return undefined;
  const definition = here.slice(begin + 1);
  return /^[^:]+:(?:\{[^{}]*\}|[\w.]+(?:\([^()]*\))?)/u.exec(definition)?.[0];
}

/** Without what a formatter may change. */
function compact(source: string): string {
  return source
    .replaceAll(/\s+/g, '')
    .replaceAll('"', "'")
    .replaceAll(/,(?=[})\]])/g, '');
}
