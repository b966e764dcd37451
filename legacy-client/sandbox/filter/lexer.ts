import { CrmError } from '../crm-error';

/** What a token is; `typed` is a literal with its type before it, `guid'…'`. */
export type TokenKind =
  'name' | 'string' | 'quoted' | 'typed' | 'guid' | 'date' | 'number' | 'punctuation' | 'end';

/** One token of a filter. */
export interface Token {
  readonly kind: TokenKind;
  /** Without quotes; of typed literals what stands between them. */
  readonly text: string;
  /** The type of a typed literal: `guid`, `datetime`. */
  readonly type?: string;
  /** Where it begins, for messages. */
  readonly at: number;
}

const unquote = (text: string): string => text.slice(1, -1).replaceAll("''", "'");

interface TokenPattern {
  readonly pattern: RegExp;
  readonly token: (match: RegExpExecArray) => Omit<Token, 'at'>;
}

function plain(kind: TokenKind): TokenPattern['token'] {
  return ([text]) => ({ kind, text });
}

/** Tried in this order: a GUID may begin like a number, a typed literal like a name. */
const patterns: readonly TokenPattern[] = [
  {
    pattern: /([a-zA-Z]+)('(?:[^']|'')*')/y,
    token: ([, type = '', text = '']) => ({ kind: 'typed', type, text: unquote(text) }),
  },
  {
    pattern: /'(?:[^']|'')*'/y,
    token: ([text]) => ({ kind: 'string', text: unquote(text) }),
  },
  {
    pattern: /"(?:[^"\\]|\\.)*"/y,
    token: ([text]) => ({ kind: 'quoted', text: JSON.parse(text) as string }),
  },
  {
    pattern: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/iy,
    token: plain('guid'),
  },
  {
    pattern: /\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?/iy,
    token: plain('date'),
  },
  { pattern: /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[mMlLdDfF]?(?![\w.])/y, token: plain('number') },
  { pattern: /[A-Za-z_][\w./]*/y, token: plain('name') },
  { pattern: /[(),=[\]]/y, token: plain('punctuation') },
];

function tokenAt(text: string, at: number): { token: Token; length: number } {
  for (const { pattern, token } of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return { token: { ...token(match), at }, length: match[0].length };
  }
  throw new CrmError('badQuery', `Syntax error at position ${String(at)} in '${text}'.`);
}

/**
 * Split a filter into tokens, an `end` behind the last one.
 *
 * @throws CrmError at what is no token.
 */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ') at += 1;
    if (at >= text.length) break;
    const { token, length } = tokenAt(text, at);
    found.push(token);
    at += length;
  }
  found.push({ kind: 'end', text: 'the end', at });
  return found;
}
