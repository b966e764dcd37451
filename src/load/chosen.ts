import type { Mapping } from '../mapping';
import { NotConnectedError, type DualWrite } from '../sync';

/**
 * The mappings of these models, or of all.
 *
 * @throws NotConnectedError when one is not mapped.
 */
export function chosenMappings(
  { mappings }: DualWrite,
  names: readonly string[] | undefined,
): readonly Mapping[] {
  if (!names || names.length === 0) return [...mappings.values()];
  return [...new Set(names)].map((name) => {
    const mapping = mappings.get(name);
    if (mapping) return mapping;
    throw new NotConnectedError(
      `No migrator maps it. Mapped are ${[...mappings.keys()].join(', ')}.`,
      {
        model: name,
      },
    );
  });
}
