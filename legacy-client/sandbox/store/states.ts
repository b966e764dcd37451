import type { LegacyValue } from '../../entity';
import { CrmError } from '../crm-error';
import type { EntityModel } from '../entity-model';

type Values = Readonly<Record<string, LegacyValue>>;

/** The names of a state's properties, as the 2011 face has them. */
export const stateProperties = { state: 'StateCode', status: 'StatusCode' } as const;

/** The status that the CRM chooses by itself: active and inactive. */
const usualStatus = new Map<LegacyValue | undefined, number>([
  [0, 1],
  [1, 2],
]);

/** From here on, the numbers are those of a publisher's own options. */
const firstOwnOption = 100_000_000;

/** What a write makes of a record's state: another state comes with its usual status. */
export function stateAfter(model: EntityModel, given: Values, before: Values = {}): Values {
  if (!model.hasStates) return {};
  const { StateCode: old = 0, StatusCode: oldStatus } = before;
  const { StateCode = old } = given;
  const usual = usualStatus.get(StateCode);
  const kept = StateCode === old ? (oldStatus ?? usual) : usual;
  const { StatusCode = kept ?? null } = given;
  // NOTE: which of a publisher's own options belong to which state is not modelled.
  const fits = StatusCode === usual || Number(StatusCode) >= firstOwnOption;
  if (usual !== undefined && fits) return { StateCode, StatusCode };
  throw new CrmError(
    'invalidState',
    `${String(StatusCode)} is not a valid status code for state code ${String(StateCode)}.`,
  );
}
