import type { PropertyModel } from '../entity-model';
import type { Comparable } from '../store/comparable';
import { isIndexed } from '../store/hash-index';
import { unionOf, type RowList } from '../store/row-list';
import type { Table } from '../store/table';
import type { Expression } from './expression';

/** One look into an index. */
interface Probe {
  readonly property: PropertyModel;
  readonly value: Comparable;
}

/** The probes that find every record that fits; undefined when only a scan does. */
function probesOf(table: Table, expression: Expression): Probe[] | undefined {
  switch (expression.type) {
    case 'compare': {
      const { operator, property, value } = expression;
      return operator === 'eq' && isIndexed(property) ? [{ property, value }] : undefined;
    }
    case 'in': {
      const { property, values } = expression;
      return isIndexed(property) ? values.map((value) => ({ property, value })) : undefined;
    }
    case 'or': {
      const parts = expression.operands.map((operand) => probesOf(table, operand));
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case 'and':
      return expression.operands
        .map((operand) => probesOf(table, operand))
        .filter((probes) => probes !== undefined)
        .sort((left, right) => foundBy(table, left) - foundBy(table, right))[0];
    default:
      return undefined;
  }
}

function foundBy(table: Table, probes: readonly Probe[]): number {
  return probes.reduce(
    (sum, { property, value }) => sum + (table.index(property).get(value)?.size ?? 0),
    0,
  );
}

/** Where indexes find more than this share of a table, reading all of it in order is faster. */
const worthwhileShare = 0.25;

/**
 * The rows among which every record that fits is found: from indexes where an `eq`, or an `or` of
 * them, narrows the filter; otherwise all rows. The filter itself is still to be applied.
 */
export function candidates(table: Table, filter: Expression | undefined): RowList {
  const probes = filter === undefined ? undefined : probesOf(table, filter);
  if (probes === undefined) return table.list;
  const found = probes
    .map(({ property, value }) => table.index(property).get(value))
    .filter((list) => list !== undefined);
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only;
  const isNarrow = foundBy(table, probes) <= table.list.size * worthwhileShare;
  return isNarrow ? unionOf(found) : table.list;
}
