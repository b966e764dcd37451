import { CrmError } from '../crm-error';
import type { PropertyModel } from '../entity-model';
import type { Comparable } from '../store/comparable';
import type { Expression, Operator, StringFunction } from './expression';
import { tokens, type Token } from './lexer';
import { listedOperand, literalOf, operandOf, type Literal, type LiteralSpelling } from './literal';

/** How a face spells filters. */
export interface FilterGrammar {
  readonly literals: LiteralSpelling;
  /** By name as written; `textFirst` for `substringof('text', Property)`. */
  readonly functions: Readonly<
    Record<string, { readonly function: StringFunction; readonly textFirst?: boolean }>
  >;
  /** Whether strings in functions may hold `%`, `_` and `[ ]` as wildcards. */
  readonly wildcards: boolean;
  /** The name of the function that takes a list, where there is one. */
  readonly inFunction?: string;
  /** Finds the property of a path as written (`optevia_Sector/Id`); undefined for unknown ones. */
  readonly resolve: (path: string) => PropertyModel | undefined;
}

const mirrored: Record<Operator, Operator> = {
  eq: 'eq',
  ne: 'ne',
  gt: 'lt',
  ge: 'le',
  lt: 'gt',
  le: 'ge',
};

const isOperator = (text: string): text is Operator => Object.hasOwn(mirrored, text);

/** A recursive-descent parser: `or` binds weakest, then `and`, then `not`. */
class FilterParser {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly grammar: FilterGrammar,
  ) {
    this.tokens = tokens(text);
  }

  parse(): Expression {
    const expression = this.list('or', () => this.list('and', () => this.term()));
    if (this.peek().kind !== 'end') this.fail(`'${this.peek().text}' is not understood here`);
    return expression;
  }

  private list(type: 'and' | 'or', operand: () => Expression): Expression {
    const first = operand();
    const operands = [first];
    while (this.takeName(type)) operands.push(operand());
    return operands.length === 1 ? first : { type, operands };
  }

  private term(): Expression {
    if (this.takeName('not')) return { type: 'not', operand: this.negated() };
    if (this.takePunctuation('(')) return this.group();
    if (this.isCall()) return this.call();
    return this.comparison();
  }

  /** NOTE: `not` binds tighter than a comparison: `not A eq 1` would negate A. */
  private negated(): Expression {
    if (this.takePunctuation('(')) return this.group();
    if (this.isCall()) return this.call();
    return this.fail("'not' must stand before parentheses or a function");
  }

  private group(): Expression {
    const inner = this.list('or', () => this.list('and', () => this.term()));
    this.expect(')');
    return inner;
  }

  private isCall(): boolean {
    const next = this.tokens[this.at + 1];
    return this.peek().kind === 'name' && next?.kind === 'punctuation' && next.text === '(';
  }

  private call(): Expression {
    const name = this.next().text;
    this.expect('(');
    if (name === this.grammar.inFunction) return this.inList();
    const known = Object.hasOwn(this.grammar.functions, name)
      ? this.grammar.functions[name]
      : undefined;
    if (known === undefined) return this.fail(`the function '${name}' is not supported`);
    const first = this.next();
    this.expect(',');
    const second = this.next();
    this.expect(')');
    const [path, text] = known.textFirst === true ? [second, first] : [first, second];
    return this.asTruth({
      type: 'match',
      function: known.function,
      property: this.stringProperty(path),
      text: this.string(text),
      wildcards: this.grammar.wildcards,
    });
  }

  /** `startswith(Name,'A') eq true` says the same as without the comparison. */
  private asTruth(expression: Expression): Expression {
    if (!this.takeName('eq')) return expression;
    const literal = literalOf(this.next(), this.grammar.literals);
    if (literal?.type !== 'boolean') return this.fail('a function is compared with true or false');
    return literal.value ? expression : { type: 'not', operand: expression };
  }

  /** `(PropertyName='name',PropertyValues=["a","b"])`, the parenthesis taken. */
  private inList(): Expression {
    this.parameter('PropertyName');
    const property = this.property(this.string(this.next()));
    this.expect(',');
    this.parameter('PropertyValues');
    this.expect('[');
    const values: Comparable[] = [];
    do {
      const token = this.next();
      if (token.kind !== 'quoted') this.fail('the values of a list stand in double quotes');
      values.push(listedOperand(property, token.text));
    } while (this.takePunctuation(','));
    this.expect(']');
    this.expect(')');
    return { type: 'in', property, values };
  }

  private comparison(): Expression {
    const left = this.next();
    const operator = this.next().text;
    const right = this.next();
    if (!isOperator(operator)) return this.fail(`'${operator}' is not a comparison`);
    const leftLiteral = literalOf(left, this.grammar.literals);
    if (leftLiteral !== undefined) return this.compare(mirrored[operator], right, leftLiteral);
    const literal = literalOf(right, this.grammar.literals);
    if (literal === undefined) return this.fail(`'${right.text}' is not a literal`);
    return this.compare(operator, left, literal);
  }

  private compare(operator: Operator, path: Token, literal: Literal): Expression {
    if (path.kind !== 'name') return this.fail(`'${path.text}' is not a property`);
    const property = this.property(path.text);
    return { type: 'compare', operator, property, value: operandOf(property, literal) };
  }

  private property(path: string): PropertyModel {
    return this.grammar.resolve(path) ?? this.fail(`there is no property '${path}' to filter by`);
  }

  private stringProperty(token: Token): PropertyModel {
    const property = this.property(token.kind === 'name' ? token.text : `'${token.text}'`);
    if (property.kind !== 'string') return this.fail(`'${token.text}' does not hold strings`);
    return property;
  }

  private string(token: Token): string {
    return token.kind === 'string' ? token.text : this.fail(`'${token.text}' is not a string`);
  }

  private parameter(name: string): void {
    if (!this.takeName(name)) this.fail(`the parameter ${name} is missing`);
    this.expect('=');
  }

  private peek(): Token {
    return this.tokens[this.at] ?? this.fail('it ends too early');
  }

  private next(): Token {
    const token = this.peek();
    this.at += 1;
    return token;
  }

  private takeName(text: string): boolean {
    return this.take('name', text);
  }

  private takePunctuation(text: string): boolean {
    return this.take('punctuation', text);
  }

  private take(kind: Token['kind'], text: string): boolean {
    const token = this.peek();
    if (token.kind !== kind || token.text !== text) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.takePunctuation(text)) {
      this.fail(`'${text}' is expected instead of '${this.peek().text}'`);
    }
  }

  private fail(reason: string): never {
    const position = this.tokens[this.at]?.at ?? this.text.length;
    throw new CrmError(
      'badQuery',
      `Error in the filter '${this.text}' at position ${String(position)}: ${reason}.`,
    );
  }
}

/**
 * Parse and check a `$filter`.
 *
 * @throws CrmError (400) for wrong syntax, unknown properties, functions that the face has not,
 * and literals of the wrong type.
 */
export function parseFilter(text: string, grammar: FilterGrammar): Expression {
  return new FilterParser(text, grammar).parse();
}
