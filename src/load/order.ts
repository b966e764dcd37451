import type { Mapping } from '../mapping';

/**
 * Put models into an order in which those that others refer to come first.
 *
 * Models of one level do not wait for each other: they do not refer to each other, or they do so in a
 * circle, and then some lookups have to be set afterwards.
 */
export function levelsOf(mappings: readonly Mapping[]): Mapping[][] {
  const levels: Mapping[][] = [];
  const levelOf = new Map<Mapping, number>();
  for (const circle of circlesOf(mappings)) {
    const before = circle.flatMap((mapping) => targetsOf(mapping).map((one) => levelOf.get(one)));
    const level = Math.max(-1, ...before.filter((one) => one !== undefined)) + 1;
    for (const mapping of circle) levelOf.set(mapping, level);
    levels[level] = [...(levels[level] ?? []), ...circle];
  }
  return levels;
}

/** The models that a model's lookups point to. */
function targetsOf({ attributes }: Mapping): Mapping[] {
  return attributes.flatMap(({ target }) => target ?? []);
}

interface Visit {
  readonly index: number;
  lowest: number;
  isOpen: boolean;
}

/** Models that refer to each other in a circle, and all others alone; targets first (Tarjan). */
function circlesOf(mappings: readonly Mapping[]): Mapping[][] {
  const chosen = new Set(mappings);
  const visits = new Map<Mapping, Visit>();
  const open: Mapping[] = [];
  const circles: Mapping[][] = [];
  const visit = (mapping: Mapping): Visit => {
    const own: Visit = { index: visits.size, lowest: visits.size, isOpen: true };
    visits.set(mapping, own);
    open.push(mapping);
    for (const target of targetsOf(mapping)) {
      if (!chosen.has(target)) continue;
      const known = visits.get(target);
      if (!known) own.lowest = Math.min(own.lowest, visit(target).lowest);
      else if (known.isOpen) own.lowest = Math.min(own.lowest, known.index);
    }
    if (own.lowest === own.index) {
      const circle = open.splice(open.indexOf(mapping));
      for (const one of circle) Object.assign(visits.get(one) ?? own, { isOpen: false });
      circles.push(circle);
    }
    return own;
  };
  for (const mapping of mappings) if (!visits.has(mapping)) visit(mapping);
  return circles;
}
