/** A run of plain characters that a text must hold. */
export interface Piece {
  readonly text: string;
  readonly op: 'startsWith' | 'endsWith' | 'contains' | 'equals';
}

/**
 * The runs of plain characters in a LIKE pattern: each must be somewhere in the text, the first at
 * its start, the last at its end. What the wildcards in between ask for, the local query decides.
 *
 * @returns undefined when the pattern ends with a single backslash, which PostgreSQL refuses.
 */
export function piecesOf(pattern: string): readonly Piece[] | undefined {
  const runs: string[] = [''];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '%' || character === '_') {
      runs.push('');
      continue;
    }
    // A backslash makes the next character a plain one.
    if (character === '\\') at += 1;
    const plain = character === '\\' ? characters[at] : character;
    if (plain === undefined) return undefined;
    runs.push(`${runs.pop() ?? ''}${plain}`);
  }
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return [{ text: only, op: 'equals' }];
  const last = runs.length - 1;
  return runs.flatMap((text, index): Piece[] => {
    if (text === '') return [];
    const op = index === 0 ? 'startsWith' : index === last ? 'endsWith' : 'contains';
    return [{ text, op }];
  });
}

/**
 * The same for a regular expression that is nothing but plain letters, digits and blanks, with or
 * without anchors.
 *
 * @returns undefined for every other one.
 */
export function pieceOfExpression(expression: string): Piece | undefined {
  const match = /^(\^?)([A-Za-z0-9 ]+)(\$?)$/.exec(expression);
  if (!match) return undefined;
  const [, start, text = '', end] = match;
  if (start && end) return { text, op: 'equals' };
  return { text, op: start ? 'startsWith' : end ? 'endsWith' : 'contains' };
}

/**
 * Cut a piece at the characters that cannot be sent; every part is in the text then.
 *
 * @param canSend - asked of one character (a whole code point).
 */
export function partsOf(piece: Piece, canSend: (character: string) => boolean): readonly Piece[] {
  const runs: string[] = [''];
  for (const character of piece.text) {
    if (canSend(character)) runs.push(`${runs.pop() ?? ''}${character}`);
    else runs.push('');
  }
  if (runs.length === 1) return [piece];
  const last = runs.length - 1;
  return runs.flatMap((text, index): Piece[] => {
    if (text === '') return [];
    const isStart = index === 0 && (piece.op === 'startsWith' || piece.op === 'equals');
    const isEnd = index === last && (piece.op === 'endsWith' || piece.op === 'equals');
    return [{ text, op: isStart ? 'startsWith' : isEnd ? 'endsWith' : 'contains' }];
  });
}

/** The first part of a text that takes no more than so many characters of a URL. */
export function startWithin(text: string, urlLength: number): string {
  if (encodedLength(text) <= urlLength) return text;
  let start = '';
  let length = 0;
  for (const character of text) {
    length += encodedLength(character);
    if (length > urlLength) break;
    start += character;
  }
  return start;
}

/** NOTE: encodeURIComponent throws for half of a surrogate pair, and leaves a quote as it is. */
export function encodedLength(text: string): number {
  const quotes = text.split("'").length - 1;
  return encodeURIComponent(wellFormed(text)).length + quotes * 5;
}

/** NOTE: half of a surrogate pair reaches PostgreSQL as U+FFFD; no URL can hold it. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
