import type { LegacyChanges } from '../client';
import type { LegacyEntity, LegacyProperty } from '../entity';
import { UnsendableError } from './problems';
import { sendableValue, type SendableValue } from './sendable';

/** How a dialect writes one property into a body: the members, by name. */
export type PropertyWriting = (
  property: LegacyProperty,
  value: SendableValue | null,
) => Readonly<Record<string, unknown>>;

/**
 * The body of a create or update, with the members given and no others.
 *
 * @throws {@link UnsendableError} for a property that the entity does not list, or a value that is
 *   not of its kind.
 */
export function writeChanges(
  entity: LegacyEntity,
  changes: LegacyChanges,
  write: PropertyWriting,
): Record<string, unknown> {
  const byName = new Map(entity.properties.map((property) => [property.name, property]));
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(changes)) {
    const property = byName.get(name);
    if (property === undefined) {
      throw new UnsendableError(`${entity.entitySet} has no property ${name} in its mapping`);
    }
    Object.assign(body, write(property, value === null ? null : sendableValue(property, value)));
  }
  return body;
}
