import { Op } from 'sequelize';
import type { Dialect, LegacyFilter, LegacyProperty, LegacyValue } from '../../../legacy-client';
import type { MappedAttribute, Mapping } from '../../mapping';
import { allOf, anyOf, exactly, nothingAtAll, undecided, wider, type Bound } from './bound';
import { boundOfPattern } from './pattern';
import { roundingEdge } from './rounding';

/** One comparison of an attribute with a value. */
export interface Leaf {
  readonly attribute: string;
  /** One of Sequelize's `Op`s. */
  readonly op: symbol;
  readonly value: unknown;
  readonly negated: boolean;
}

/** What the translation of comparisons needs to know. */
export interface LeafContext {
  readonly mapping: Mapping;
  readonly dialect: Dialect;
  /**
   * The legacy key of a local row by primary key: null when the legacy system does not have it,
   * undefined when there is no such row.
   */
  keyOf(mapping: Mapping, id: unknown): string | null | undefined;
}

/** An attribute as a legacy filter can name it. */
interface Comparable {
  readonly property: LegacyProperty;
  readonly ordered: boolean;
  /** Undefined when no record can have such a value. */
  convert(value: unknown): LegacyValue | undefined;
  readonly nullable: boolean;
  /** Digits behind the point that the local column keeps, when it may keep fewer than the record. */
  readonly scale?: number;
}

const opposites = new Map<symbol, symbol>([
  [Op.eq, Op.ne],
  [Op.ne, Op.eq],
  [Op.gt, Op.lte],
  [Op.lte, Op.gt],
  [Op.lt, Op.gte],
  [Op.gte, Op.lt],
  [Op.in, Op.notIn],
  [Op.notIn, Op.in],
  [Op.between, Op.notBetween],
  [Op.notBetween, Op.between],
  [Op.is, Op.not],
  [Op.not, Op.is],
]);

const ranges = new Map<symbol, 'gt' | 'ge' | 'lt' | 'le'>([
  [Op.gt, 'gt'],
  [Op.gte, 'ge'],
  [Op.lt, 'lt'],
  [Op.lte, 'le'],
]);

const patterns = new Set<symbol>([Op.like, Op.iLike, Op.startsWith, Op.endsWith, Op.substring]);

/** Longer lists of excluded values do not narrow an answer enough to be worth their length. */
const maxExcluded = 20;

/** Find the legacy filter that bounds one comparison. */
export function boundOfLeaf(context: LeafContext, leaf: Leaf): Bound {
  const comparable = comparableOf(context, leaf.attribute);
  if (typeof comparable === 'string') return undecided(comparable);
  if (patterns.has(leaf.op)) {
    if (leaf.negated) return undecided(`a negated pattern on ${leaf.attribute}`);
    if (leaf.op === Op.iLike && !context.dialect.caseInsensitiveStrings) {
      return undecided(`${context.dialect.name} tells capitals apart, iLike does not`);
    }
    return boundOfPattern(context.dialect, comparable.property, leaf);
  }
  const op = leaf.negated ? opposites.get(leaf.op) : leaf.op;
  try {
    return boundOfComparison(context, comparable, { ...leaf, op: op ?? leaf.op });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return undecided(`${leaf.attribute}: ${reason}`);
  }
}

function boundOfComparison(context: LeafContext, comparable: Comparable, leaf: Leaf): Bound {
  const { op, value } = leaf;
  const range = ranges.get(op);
  if (range) return boundOfRange(comparable, range, leaf);
  if (op === Op.between || op === Op.notBetween) return boundOfBetween(comparable, leaf);
  const isExcludedList = (op === Op.ne || op === Op.not) && Array.isArray(value);
  if (op === Op.in || op === Op.notIn || isExcludedList) {
    return boundOfList(context, comparable, leaf);
  }
  return boundOfSingle(context, comparable, leaf);
}

function boundOfSingle(context: LeafContext, comparable: Comparable, leaf: Leaf): Bound {
  const { op, value, attribute } = leaf;
  if (Array.isArray(value)) return undecided(`${attribute} is compared with an array`);
  if (op === Op.eq || op === Op.is) return boundOfEquality(context, comparable, value);
  if (op === Op.ne) return boundOfInequality(comparable, value, attribute);
  if (op === Op.not) return boundOfIsNot(comparable, value, attribute);
  return undecided(`the operator ${String(op.description)} on ${attribute}`);
}

function boundOfEquality(context: LeafContext, comparable: Comparable, value: unknown): Bound {
  const { property } = comparable;
  const isNull: LegacyFilter = { op: 'eq', property, value: null };
  if (value === null || value === undefined) return exactly(isNull);
  const converted = comparable.convert(value);
  if (converted === undefined) return nothingAtAll;
  if (comparable.scale !== undefined) return boundOfRounded(comparable, converted);
  if (property.kind !== 'string') return exactly({ op: 'eq', property, value: converted });
  const reason = `${context.dialect.name} compares texts in its own way`;
  const equal: LegacyFilter = { op: 'eq', property, value: converted };
  // A local '' may stand for a legacy null.
  if (converted === '') return wider({ op: 'or', filters: [equal, isNull] }, reason);
  return wider(equal, reason);
}

function boundOfList(context: LeafContext, comparable: Comparable, leaf: Leaf): Bound {
  const { op, value, attribute } = leaf;
  if (!Array.isArray(value)) return undecided(`${attribute} is compared with a sub-query`);
  if (op === Op.in) return boundOfIn(context, comparable, value);
  if (value.length > maxExcluded) return undecided(`a long list of excluded ${attribute}`);
  return allOf(value.map((one) => boundOfInequality(comparable, one, attribute)));
}

function boundOfIn(
  context: LeafContext,
  comparable: Comparable,
  values: readonly unknown[],
): Bound {
  // `x IN (a, NULL)` never matches a null.
  const given = values.filter((value) => value !== null && value !== undefined);
  const isText = comparable.property.kind === 'string';
  if (isText && given.includes('')) {
    return anyOf(given.map((value) => boundOfEquality(context, comparable, value)));
  }
  const converted = given.flatMap((value) => comparable.convert(value) ?? []);
  if (converted.length === 0) return nothingAtAll;
  if (comparable.scale !== undefined) {
    return anyOf(converted.map((value) => boundOfRounded(comparable, value)));
  }
  const filter: LegacyFilter = { op: 'in', property: comparable.property, values: converted };
  if (!isText) return exactly(filter);
  return wider(filter, `${context.dialect.name} compares texts in its own way`);
}

function boundOfInequality(comparable: Comparable, value: unknown, attribute: string): Bound {
  const { property } = comparable;
  if (value === null || value === undefined) return boundOfIsNot(comparable, null, attribute);
  if (property.kind === 'string') return undecided(`a negated text comparison on ${attribute}`);
  const converted = comparable.convert(value);
  if (converted === undefined) return undecided(`${attribute} excludes a record that is not here`);
  if (comparable.scale !== undefined) return undecided(`a rounded ${attribute} is excluded`);
  // Whether `ne` matches nulls differs between servers; SQL's does not.
  return wider({ op: 'ne', property, value: converted }, `nulls of ${attribute}`);
}

function boundOfIsNot(comparable: Comparable, value: unknown, attribute: string): Bound {
  const { property } = comparable;
  if (value !== null) {
    // IS NOT TRUE matches nulls, too.
    return anyOf([
      boundOfInequality(comparable, value, attribute),
      exactly({ op: 'eq', property, value: null }),
    ]);
  }
  if (!comparable.nullable) return undecided(`${attribute} is never null here`);
  return exactly({ op: 'ne', property, value: null });
}

function boundOfRange(
  comparable: Comparable,
  op: 'gt' | 'ge' | 'lt' | 'le',
  { attribute, value }: Leaf,
): Bound {
  if (!comparable.ordered) return undecided(`a range of ${attribute}`);
  const converted = comparable.convert(value);
  if (converted === undefined || converted === null) return undecided(`a range of ${attribute}`);
  const { property, scale } = comparable;
  if (scale === undefined) return exactly({ op, property, value: converted });
  const side = op === 'gt' || op === 'ge' ? 'below' : 'above';
  const edge = roundingEdge(String(converted), scale, side);
  const inclusive = op === 'gt' || op === 'ge' ? 'ge' : 'le';
  return wider({ op: inclusive, property, value: edge }, `${attribute} is rounded here`);
}

/** What the column keeps may have been rounded: the record's own value is close to it. */
function boundOfRounded({ property, scale = 0 }: Comparable, value: LegacyValue): Bound {
  const low = roundingEdge(String(value), scale, 'below');
  const high = roundingEdge(String(value), scale, 'above');
  return wider(
    {
      op: 'and',
      filters: [
        { op: 'ge', property, value: low },
        { op: 'le', property, value: high },
      ],
    },
    `${property.name} is rounded here`,
  );
}

function boundOfBetween(comparable: Comparable, leaf: Leaf): Bound {
  if (!Array.isArray(leaf.value)) return undecided(`a range of ${leaf.attribute}`);
  const [low, high] = leaf.value as [unknown, unknown];
  const side = (op: 'gt' | 'ge' | 'lt' | 'le', value: unknown): Bound =>
    boundOfRange(comparable, op, { ...leaf, value });
  return leaf.op === Op.between
    ? allOf([side('ge', low), side('le', high)])
    : anyOf([side('lt', low), side('gt', high)]);
}

/** How a filter names an attribute; a text says why it cannot. */
function comparableOf(context: LeafContext, attribute: string): Comparable | string {
  const { mapping } = context;
  const keyed = keyAttribute(context, attribute) ?? stampAttribute(mapping, attribute);
  if (keyed) return keyed;
  const mapped = mapping.byAttribute.get(attribute);
  if (!mapped) return `${attribute} is not mapped`;
  if (mapped.comparable === 'none') return `${attribute} has a conversion of its own`;
  const nullable = mapping.model.getAttributes()[attribute]?.allowNull !== false;
  const { property } = mapped;
  if (mapped.target)
    return { property, ordered: false, nullable, convert: keysOf(context, mapped) };
  return {
    property,
    ordered: mapped.comparable === 'order',
    nullable,
    scale: scaleOf(mapping, mapped),
    convert: (value) => mapped.toLegacy(value),
  };
}

/** The property to sort by, for an attribute that both sides sort alike. */
export function orderedProperty(mapping: Mapping, attribute: string): LegacyProperty | undefined {
  const stamp = stampAttribute(mapping, attribute);
  if (stamp) return stamp.property;
  const mapped = mapping.byAttribute.get(attribute);
  if (mapped?.comparable !== 'order' || scaleOf(mapping, mapped) !== undefined) return undefined;
  const nullable = mapping.model.getAttributes()[attribute]?.allowNull !== false;
  return nullable ? undefined : mapped.property;
}

function instantOf(value: unknown): Date {
  const date = value instanceof Date ? value : new Date(value as string | number);
  if (Number.isNaN(date.getTime())) throw new RangeError('not a valid date');
  return date;
}

/** The scale of a DECIMAL column; undefined where it keeps every digit. */
function scaleOf(mapping: Mapping, { attribute, property }: MappedAttribute): number | undefined {
  if (property.kind !== 'decimal' && property.kind !== 'money') return undefined;
  const type = mapping.model.getAttributes()[attribute]?.type as { _scale?: unknown } | undefined;
  return typeof type?._scale === 'number' ? type._scale : undefined;
}

function keysOf(context: LeafContext, mapped: MappedAttribute): Comparable['convert'] {
  const target = mapped.target;
  return (id) => (target ? (context.keyOf(target, id) ?? undefined) : undefined);
}

function keyAttribute(context: LeafContext, attribute: string): Comparable | undefined {
  const { mapping } = context;
  const property: LegacyProperty = { name: mapping.entity.key, kind: 'guid' };
  if (attribute === 'legacyId') {
    const convert = (value: unknown): LegacyValue => String(value).toLowerCase();
    return { property, ordered: false, nullable: true, convert };
  }
  if (attribute !== mapping.model.primaryKeyAttribute) return undefined;
  const convert = (id: unknown): LegacyValue | undefined => context.keyOf(mapping, id) ?? undefined;
  return { property, ordered: false, nullable: false, convert };
}

function stampAttribute(mapping: Mapping, attribute: string): Comparable | undefined {
  const { modifiedOn, createdOn } = mapping.entity;
  const isModified = attribute === 'modifiedAt' || attribute === 'legacyModifiedAt';
  const name = isModified ? modifiedOn : attribute === 'createdAt' ? createdOn : undefined;
  if (name === undefined) return undefined;
  return {
    property: { name, kind: 'dateTime' },
    ordered: true,
    nullable: false,
    convert: instantOf,
  };
}
