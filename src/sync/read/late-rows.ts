import { registeredModel } from '../../model/history';
import type { Mapping } from '../../mapping';
import { oneOf } from '../query/bound';
import { keyProperty } from '../refresh/fetch';
import { refreshLeg, type Knowledge, type Leg } from './legs';

/** Keys of rows that only the last check has found to belong into an answer, by model. */
export type LateKeys = ReadonlyMap<Mapping, readonly string[]>;

/**
 * Refresh what belongs to rows that only the last check has found: their records came in no answer
 * of a leg, so that no include was asked for by their keys.
 */
export async function refreshBelow(
  knowledge: Knowledge,
  { mapping, includes }: Pick<Leg, 'mapping' | 'includes'>,
  late: LateKeys,
): Promise<void> {
  if (late.size === 0 || includes.length === 0) return;
  const keys = late.get(mapping);
  if (keys) {
    const bound = oneOf(keyProperty(mapping), keys);
    await refreshLeg(knowledge, { mapping, includes, bound });
  }
  for (const { model, include = [] } of includes) {
    const target = knowledge.scope.runtime.registry.get(registeredModel(model).name);
    if (target) await refreshBelow(knowledge, { mapping: target, includes: include }, late);
  }
}
