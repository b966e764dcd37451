import { CrmError } from '../crm-error';
import type { PropertyModel } from '../entity-model';
import { parseGuid } from '../guid';
import { comparable, type Comparable } from '../store/comparable';
import { isDecimal } from '../store/decimal';
import type { Token } from './lexer';

/** Which spelling of literals a face takes: `guid'…'` and `5.0M`, or bare ones. */
export type LiteralSpelling = 'odata2' | 'odata4';

/** A literal with the type that its spelling shows. */
export type Literal =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'string' | 'guid'; readonly value: string }
  /** `double` only in OData 2, where fractions without `M` are doubles. */
  | { readonly type: 'integer' | 'decimal' | 'double'; readonly value: string }
  | { readonly type: 'date'; readonly value: number };

const constants = new Map<string, Literal>([
  ['null', { type: 'null' }],
  ['true', { type: 'boolean', value: true }],
  ['false', { type: 'boolean', value: false }],
]);

function decimalLiteral(value: string): Literal | undefined {
  return isDecimal(value) ? { type: 'decimal', value } : undefined;
}

function numberLiteral(text: string, spelling: LiteralSpelling): Literal | undefined {
  const suffix = /[a-z]$/i.exec(text)?.[0].toLowerCase();
  const value = (suffix === undefined ? text : text.slice(0, -1)).replace(/^\+/, '');
  const isWhole = /^-?\d+$/.test(value);
  if (suffix === undefined && isWhole) return { type: 'integer', value };
  if (spelling === 'odata4') return suffix === undefined ? decimalLiteral(value) : undefined;
  if (suffix === 'm') return decimalLiteral(value);
  return { type: suffix === 'l' ? 'integer' : 'double', value };
}

function dateLiteral(text: string): Literal | undefined {
  // A date without zone is UTC, as the CRM reads it.
  const hasTime = text.includes('T');
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/i.test(text);
  const value = Date.parse(hasTime && !hasZone ? `${text}Z` : text);
  return Number.isNaN(value) ? undefined : { type: 'date', value };
}

function typedLiteral(type: string, text: string): Literal | undefined {
  if (type === 'guid') {
    const value = parseGuid(text);
    return value === undefined ? undefined : { type: 'guid', value };
  }
  return type === 'datetime' ? dateLiteral(text) : undefined;
}

/** Read a token as a literal; undefined when it is none in this spelling. */
export function literalOf(token: Token, spelling: LiteralSpelling): Literal | undefined {
  if (token.kind === 'name') return constants.get(token.text);
  if (token.kind === 'string') return { type: 'string', value: token.text };
  if (token.kind === 'number') return numberLiteral(token.text, spelling);
  if (spelling === 'odata2') {
    return token.kind === 'typed' ? typedLiteral(token.type ?? '', token.text) : undefined;
  }
  if (token.kind === 'guid') return { type: 'guid', value: token.text.toLowerCase() };
  return token.kind === 'date' ? dateLiteral(token.text) : undefined;
}

/** The literals that each kind of property can be compared with. */
const fitting: Record<PropertyModel['kind'], readonly Literal['type'][]> = {
  string: ['string'],
  boolean: ['boolean'],
  integer: ['integer', 'decimal', 'double'],
  optionSet: ['integer'],
  decimal: ['integer', 'decimal'],
  money: ['integer', 'decimal'],
  dateTime: ['date'],
  dateOnly: ['date'],
  guid: ['guid'],
  lookup: ['guid'],
};

/**
 * Bring a literal to the form in which the property's values are compared.
 *
 * @throws CrmError when the literal is of another type.
 */
export function operandOf(property: PropertyModel, literal: Literal): Comparable {
  if (literal.type === 'null') return null;
  if (!fitting[property.kind].includes(literal.type)) {
    const hint =
      literal.type === 'double' ? ' A fraction is a decimal only with M behind it: 1.5M.' : '';
    throw new CrmError(
      'badQuery',
      `Operator incompatible with operand types: '${property.name}' holds a ${property.kind}, ` +
        `the literal is a ${literal.type}.${hint}`,
    );
  }
  if (property.kind === 'integer') return Number(literal.value);
  if (property.kind === 'optionSet') return Number(literal.value);
  if (literal.type === 'date') return literal.value;
  return comparable(property.kind, literal.value);
}

const looksLike: Partial<Record<PropertyModel['kind'], (text: string) => Literal | undefined>> = {
  boolean: (text) => constants.get(text),
  integer: (text) => numberLiteral(text, 'odata4'),
  optionSet: (text) => numberLiteral(text, 'odata4'),
  decimal: (text) => numberLiteral(text, 'odata4'),
  money: (text) => numberLiteral(text, 'odata4'),
  dateTime: dateLiteral,
  dateOnly: dateLiteral,
  guid: (text) => typedLiteral('guid', text),
  lookup: (text) => typedLiteral('guid', text),
};

/**
 * The same for a value in a list: there all are written as strings, whatever the property holds.
 *
 * @throws CrmError when the text is no value of the property.
 */
export function listedOperand(property: PropertyModel, text: string): Comparable {
  const read = looksLike[property.kind];
  if (read === undefined) return comparable(property.kind, text);
  const literal = read(text);
  if (literal === undefined) {
    throw new CrmError('badQuery', `'${text}' is not a value for '${property.name}'.`);
  }
  return operandOf(property, literal);
}
