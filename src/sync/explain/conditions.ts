import { inspect } from 'node:util';
import type { WhereOptions } from 'sequelize';
import type { Bound } from '../query/bound';
import { boundOf } from '../query/bound-of-options';
import type { NotedComparison } from '../query/subject';
import type { Synced } from '../runtime';
import type { ExplainedCondition } from './explanation';

/** What can be sent of a condition; `noted` is filled when `bound` is there. */
export interface ExplainedWhere {
  readonly bound: Promise<Bound>;
  readonly noted: readonly ExplainedCondition[];
}

/** Translate a condition, and note what becomes of each comparison in it. */
export function conditionsIn(
  { runtime, mapping }: Pick<Synced, 'runtime' | 'mapping'>,
  where: WhereOptions | undefined,
): ExplainedWhere {
  const noted: ExplainedCondition[] = [];
  const note = (comparison: NotedComparison): void => {
    noted.push(explained(comparison));
  };
  const place = { sequelize: runtime.pool, transaction: null };
  return { bound: boundOf(runtime, place, { mapping, where, note }), noted };
}

function explained({ attribute, op, value, negated, bound }: NotedComparison): ExplainedCondition {
  const compared = `${attribute} ${op.description ?? ''} ${shown(value)}`;
  const condition = negated ? `not ${compared}` : compared;
  const [reason] = bound.reasons;
  if (bound.exact) return { condition, sent: 'exact' };
  const sent = bound.filter === 'all' ? 'local' : 'wider';
  return { condition, sent, ...(reason !== undefined && { reason }) };
}

function shown(value: unknown): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  return inspect(value, {
    depth: 2,
    maxArrayLength: 5,
    maxStringLength: 60,
    breakLength: Infinity,
  });
}
