import type { LegacyChanges, LegacyRecord } from '../../legacy-client';
import type { Deactivation, Mapping } from '../mapping';
import { sameValue, valuesOf } from './write/images';

/** Whether values are those of a record that is there. */
export function isActive({ property, active }: Deactivation, values: LegacyChanges): boolean {
  return sameValue(values[property.name] ?? null, active, property.kind);
}

/** Whether values are those of a record as a destroy leaves it. */
export function isInactive({ property, inactive }: Deactivation, values: LegacyChanges): boolean {
  return sameValue(values[property.name] ?? null, inactive, property.kind);
}

/** The state of a record, and what the service changes with it, as they are sent to be put back. */
export function stateIn(
  { property, status }: Deactivation,
  { values }: Pick<LegacyRecord, 'values'>,
): LegacyChanges {
  const state = { [property.name]: values[property.name] ?? null };
  const reason = status && values[status.name];
  return reason === undefined || reason === null
    ? state
    : { ...state, [status?.name ?? '']: reason };
}

/**
 * What a record held before an update, to be restored with what is sent; with a state goes what the
 * service changes with it.
 */
export function valuesBefore(
  { deactivation }: Mapping,
  record: Pick<LegacyRecord, 'values'>,
  sent: LegacyChanges,
): LegacyChanges {
  const values = valuesOf(record, Object.keys(sent));
  const isState = deactivation && deactivation.property.name in sent;
  return isState ? { ...values, ...stateIn(deactivation, record) } : values;
}

/** Makes a record inactive. */
export function inactiveState({ property, inactive }: Deactivation): LegacyChanges {
  return { [property.name]: inactive };
}

/** Makes a record active. */
export function activeState({ property, active }: Deactivation): LegacyChanges {
  return { [property.name]: active };
}

/** What a new record is given beside its fields. */
export function stateOfNew({ deactivation }: Mapping): LegacyChanges {
  return deactivation?.isSentWithCreate ? activeState(deactivation) : {};
}
