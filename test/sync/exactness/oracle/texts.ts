/** How the database orders and folds texts. */
export interface TextRules {
  /** As `ORDER BY` does. */
  compare(a: string, b: string): number;
}

/** Rules in which every text that occurs has a rank, as the database itself gave it. */
export function rankedTexts(inOrder: readonly string[]): TextRules {
  const ranks = new Map(inOrder.map((text, rank) => [text, rank]));
  const rankOf = (text: string): number => {
    const rank = ranks.get(text);
    if (rank === undefined) throw new Error(`The text ${JSON.stringify(text)} has no rank.`);
    return rank;
  };
  return { compare: (a, b) => rankOf(a) - rankOf(b) };
}

type Token = { readonly any: 'one' | 'many' } | { readonly plain: string };

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '%') tokens.push({ any: 'many' });
    else if (character === '_') tokens.push({ any: 'one' });
    else if (character === '\\') tokens.push({ plain: characters[(at += 1)] ?? '' });
    else tokens.push({ plain: character });
  }
  return tokens;
}

function fits(tokens: readonly Token[], characters: readonly string[]): boolean {
  const [token, ...rest] = tokens;
  if (token === undefined) return characters.length === 0;
  if ('any' in token && token.any === 'many') {
    return characters.some((_, at) => fits(rest, characters.slice(at))) || fits(rest, []);
  }
  const [first, ...others] = characters;
  if (first === undefined) return false;
  if ('plain' in token && token.plain !== first) return false;
  return fits(rest, others);
}

/** PostgreSQL's LIKE, with the backslash as its escape; `ILIKE` with `fold`. */
export function isLike(text: string, pattern: string, fold = false): boolean {
  const folded = (value: string): string => (fold ? value.toLowerCase() : value);
  return fits(tokensOf(folded(pattern)), Array.from(folded(text)));
}
