import type { LegacyProperty } from '../entity';
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

/** Give properties that do not name their type the one that this service's instants have. */
export function typedInstants({
  dateTimeType,
}: Pick<DialectCapabilities, 'dateTimeType'>): (property: LegacyProperty) => LegacyProperty {
  if (dateTimeType === undefined) return (property) => property;
  return (property) =>
    property.kind === 'dateTime' && property.type === undefined
      ? { ...property, type: dateTimeType }
      : property;
}
