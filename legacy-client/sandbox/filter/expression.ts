import type { PropertyModel } from '../entity-model';
import type { Comparable } from '../store/comparable';

/** Comparison operators, by their OData names. */
export type Operator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/** The functions on strings that the CRM has. */
export type StringFunction = 'startsWith' | 'endsWith' | 'contains';

/** A checked filter: every name is known and every value has its property's kind. */
export type Expression =
  | { readonly type: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly type: 'not'; readonly operand: Expression }
  | {
      readonly type: 'compare';
      readonly operator: Operator;
      readonly property: PropertyModel;
      readonly value: Comparable;
    }
  | {
      readonly type: 'match';
      readonly function: StringFunction;
      readonly property: PropertyModel;
      readonly text: string;
      /** Whether `%`, `_` and `[ ]` in the text are wildcards. */
      readonly wildcards: boolean;
    }
  | {
      readonly type: 'in';
      readonly property: PropertyModel;
      readonly values: readonly Comparable[];
    };

/** What fits two filters; either may be missing. */
export function bothOf(
  one: Expression | undefined,
  other: Expression | undefined,
): Expression | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { type: 'and', operands: [one, other] };
}
