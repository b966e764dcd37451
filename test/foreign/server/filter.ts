import { checkComparable, compareValues, type Typed } from './compare';
import { type EdmType, Ticks } from './edm';
import { readLiteral } from './literals';
import { badRequest, type EntitySetType, type Row } from './schema';

/** What a filter may say, and how it treats null. */
export interface FilterRules {
  readonly version: 2 | 4;
  /** OData 4.01's `in`. */
  readonly inOperator?: boolean;
  /** `ne` is never true of null, as a server has it that hands filters to SQL unchanged. */
  readonly sqlNulls?: boolean;
  /** Comparisons that a filter may have; ASP.NET's default is reached at about 20. */
  readonly maxComparisons?: number;
}

/** True, false, or null for unknown. */
type Truth = boolean | null;

interface Expression {
  readonly type: EdmType | 'null';
  value(row: Row): Typed['value'];
}

const COMPARISONS = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);

/** Parse a `$filter`. @throws ServiceRefusal where it is not what the standard allows. */
export function parseFilter(
  rules: FilterRules,
  set: EntitySetType,
  text: string,
): (row: Row) => boolean {
  const parser = new FilterParser(rules, set, text);
  const expression = parser.parse();
  return (row) => expression.value(row) === true;
}

class FilterParser {
  private at = 0;
  private comparisons = 0;

  constructor(
    private readonly rules: FilterRules,
    private readonly set: EntitySetType,
    private readonly text: string,
  ) {}

  parse(): Expression {
    const expression = this.or();
    if (this.rest().trim() !== '') throw this.unexpected();
    if (expression.type !== 'Edm.Boolean') throw badRequest('a filter must be true or false');
    return expression;
  }

  private or(): Expression {
    let left = this.and();
    while (this.word('or')) left = logical(left, this.and(), true);
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.word('and')) left = logical(left, this.not(), false);
    return left;
  }

  private not(): Expression {
    if (!this.word('not')) return this.comparison();
    const inner = this.not();
    return truth((row) => {
      const value = truthOf(inner, row);
      return value === null ? null : !value;
    });
  }

  private comparison(): Expression {
    const left = this.operand();
    const name = /^\s+(\w+)(?=\s)/.exec(this.rest())?.[1] ?? '';
    if (name === 'in' && this.rules.inOperator === true) return this.membership(left);
    if (!COMPARISONS.has(name)) return left;
    this.take(/^\s+\w+\s+/);
    this.comparisons += 1;
    const { maxComparisons = Infinity } = this.rules;
    if (this.comparisons > maxComparisons) throw badRequest('The node count limit was exceeded');
    const right = this.operand();
    checkComparable(this.rules.version, typed(left), typed(right));
    const isNullTest = left.type === 'null' || right.type === 'null';
    return truth((row) => this.compare(name, [left.value(row), right.value(row)], isNullTest));
  }

  private compare(
    name: string,
    [left, right]: readonly [Typed['value'], Typed['value']],
    isTest = false,
  ): Truth {
    if (left !== null && right !== null) return holds(name, compareValues(left, right));
    // `X ne null` is a test on any server; `X ne 5` is unknown to SQL where X is null.
    if (this.rules.sqlNulls === true && !isTest) return null;
    const areNull = left === null && right === null;
    if (name === 'eq') return areNull;
    return name === 'ne' ? !areNull : false;
  }

  private membership(left: Expression): Expression {
    this.take(/^\s+in\s+\(/);
    const members = [this.operand()];
    while (this.take(/^\s*,\s*/)) members.push(this.operand());
    if (!this.take(/^\s*\)/)) throw this.unexpected();
    for (const member of members) {
      checkComparable(this.rules.version, typed(left), typed(member));
    }
    return truth((row) =>
      members.some((member) => this.compare('eq', [left.value(row), member.value(row)])),
    );
  }

  private operand(): Expression {
    this.take(/^\s+/);
    if (this.take(/^\(/)) {
      const inner = this.or();
      if (!this.take(/^\s*\)/)) throw this.unexpected();
      return inner;
    }
    const call = /^([a-z]+)\(/.exec(this.rest())?.[1];
    if (call !== undefined) return this.call(call);
    const literal = readLiteral(this.rules.version, this.rest());
    if (literal === undefined) return this.property();
    this.at += literal.length;
    return { type: literal.typed.type, value: () => literal.typed.value };
  }

  private property(): Expression {
    const name = this.take(/^[A-Za-z_]\w*/);
    if (name === undefined) throw this.unexpected();
    const { key, keyType = 'Edm.Guid', properties } = this.set;
    const type = name === key ? keyType : properties[name]?.type;
    if (type === undefined) throw badRequest(`${this.set.name} has no property ${name}`);
    return { type, value: (row) => row[name] ?? null };
  }

  private call(name: string): Expression {
    this.take(/^[a-z]+\(/);
    const given = [this.or()];
    while (this.take(/^\s*,\s*/)) given.push(this.or());
    if (!this.take(/^\s*\)/)) throw this.unexpected();
    return functionCall(this.rules.version, name, given);
  }

  private word(word: string): boolean {
    return this.take(new RegExp(`^\\s*${word}(?=[\\s(])`)) !== undefined;
  }

  private take(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.rest())?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private rest(): string {
    return this.text.slice(this.at);
  }

  private unexpected(): Error {
    return badRequest(`Syntax error at position ${this.at} in '${this.text}'`);
  }
}

function holds(name: string, order: number): boolean {
  const possible: Readonly<Record<string, boolean>> = {
    eq: order === 0,
    ne: order !== 0,
    gt: order > 0,
    ge: order >= 0,
    lt: order < 0,
    le: order <= 0,
  };
  return possible[name] === true;
}

function typed(expression: Expression): Typed {
  return { type: expression.type, value: null };
}

function truth(value: (row: Row) => Truth): Expression {
  return { type: 'Edm.Boolean', value };
}

function truthOf(expression: Expression, row: Row): Truth {
  if (expression.type !== 'Edm.Boolean') throw badRequest('true or false was expected');
  return expression.value(row) as Truth;
}

/** `decisive` decides alone: true for `or`, false for `and`. */
function logical(left: Expression, right: Expression, decisive: boolean): Expression {
  return truth((row) => {
    const values = [truthOf(left, row), truthOf(right, row)];
    if (values.includes(decisive)) return decisive;
    return values.includes(null) ? null : !decisive;
  });
}

type TextTest = (text: string, part: string) => boolean;

const tests: Readonly<Record<string, TextTest>> = {
  startswith: (text, part) => text.startsWith(part),
  endswith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
  substringof: (part, text) => text.includes(part),
};

const dateParts: Readonly<Record<string, (date: Date) => number>> = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  day: (date) => date.getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
};

function functionCall(version: 2 | 4, name: string, given: readonly Expression[]): Expression {
  const [first, second, third] = given;
  const foreign = version === 2 ? 'contains' : 'substringof';
  if (first !== undefined && third === undefined && name !== foreign) {
    const found = second === undefined ? ofOne(name, first) : ofTwo(name, first, second);
    if (found !== undefined) return found;
  }
  throw badRequest(`There is no function ${name} of these arguments`);
}

function ofTwo(name: string, first: Expression, second: Expression): Expression | undefined {
  const test = tests[name];
  const areTexts = first.type === 'Edm.String' && second.type === 'Edm.String';
  if (test === undefined || !areTexts) return undefined;
  return truth((row) => {
    const [left, right] = [first.value(row), second.value(row)];
    return left === null || right === null ? null : test(String(left), String(right));
  });
}

function ofOne(name: string, of: Expression): Expression | undefined {
  const part = dateParts[name];
  if (part !== undefined) return datePart(name, part, of);
  if (!['tolower', 'toupper'].includes(name) || of.type !== 'Edm.String') return undefined;
  const value = (row: Row): Typed['value'] => {
    const text = of.value(row);
    if (text === null) return null;
    return name === 'tolower' ? String(text).toLowerCase() : String(text).toUpperCase();
  };
  return { type: 'Edm.String', value };
}

function datePart(name: string, part: (date: Date) => number, of: Expression): Expression {
  const isTime = ['hour', 'minute', 'second'].includes(name);
  const fits = of.type.startsWith('Edm.DateTime') || (of.type === 'Edm.Date' && !isTime);
  if (!fits) throw badRequest(`${name} needs a date, not ${of.type}`);
  return {
    type: 'Edm.Int32',
    value: (row) => {
      const value = of.value(row);
      if (value === null) return null;
      return part(value instanceof Ticks ? value.date : new Date(`${String(value)}T00:00:00Z`));
    },
  };
}
