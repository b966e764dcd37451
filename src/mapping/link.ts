import type { MigratorDefinition } from './migrator';

/** What is wrong with the mapping of a link, for people. */
export function problemsOfLink(definition: MigratorDefinition): string[] {
  const { link, fields, properties } = definition;
  if (!link) return [];
  const ends = [...new Set([link.from, link.to])];
  const problems = ends.flatMap((end) => problemsOfEnd(definition, end));
  if (ends.length < 2) problems.push('link.from and link.to must be two attributes.');
  const others = Object.keys(fields).filter((name) => !ends.includes(name));
  const further = [...others, ...Object.keys(properties ?? {})];
  if (further.length > 0) {
    problems.push(
      `A link holds the keys of its two records and nothing else, so ${further.join(', ')} cannot ` +
        `be mapped. Leave it unmapped, and so local, or keep the relationship in an entity of its own.`,
    );
  }
  if (definition.toLegacy) problems.push('A link has no values that a toLegacy hook could change.');
  return problems;
}

function problemsOfEnd({ fields, neverSend = [] }: MigratorDefinition, end: string): string[] {
  const field = fields[end];
  if (field?.kind !== 'lookup') {
    return [`link names ${end}, which must be a field.lookup of this mapping.`];
  }
  return neverSend.includes(field.property)
    ? [`${end} is an end of the link, which is never made without ${field.property}.`]
    : [];
}
