import type { LegacyProperty, PropertyKind, WireType } from '../entity';
import type { DialectCapabilities } from './dialect';
import type { SendableValue } from './sendable';

/**
 * The next instant that can be read: a Date holds milliseconds, where services keep up to 100 ns.
 *
 * @returns undefined for values that are no instants.
 */
export function nextInstant(_property: LegacyProperty, value: SendableValue): Date | undefined {
  return value instanceof Date ? new Date(value.getTime() + 1) : undefined;
}

/** Give properties that do not name their type the one that this service's have. */
export function typedProperties({
  dateTimeType,
  guidType,
}: Pick<DialectCapabilities, 'dateTimeType' | 'guidType'>): (
  property: LegacyProperty,
) => LegacyProperty {
  const types: Partial<Record<PropertyKind, WireType | undefined>> = {
    dateTime: dateTimeType,
    guid: guidType,
    lookup: guidType,
  };
  return (property) => {
    const type = property.type ?? types[property.kind];
    return type === property.type ? property : { ...property, type };
  };
}
