import type { StringFunction } from './expression';

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
const neverMatches = '(?!)';

/** One `[a-z]` or `[^abc]` of a pattern, from its bracket on; without an end it matches nothing. */
function characterSet(pattern: string, at: number): { source: string; length: number } {
  const end = pattern.indexOf(']', at + 1);
  if (end === -1) return { source: neverMatches, length: pattern.length - at };
  const inner = pattern.slice(at + 1, end);
  const negated = inner.startsWith('^');
  const members = (negated ? inner.slice(1) : inner).replace(/[\\\]^[]/g, '\\$&');
  const source = members === '' ? neverMatches : `[${negated ? '^' : ''}${members}]`;
  return { source: isRegExp(source) ? source : neverMatches, length: end - at + 1 };
}

/** A set can hold a range that runs backwards, `[z-a]`. */
function isRegExp(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}

function likeSource(pattern: string): string {
  let source = '';
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at] ?? '';
    if (character === '[') {
      const set = characterSet(pattern, at);
      source += set.source;
      at += set.length;
    } else {
      source += character === '%' ? '[^]*' : character === '_' ? '[^]' : escapeRegExp(character);
      at += 1;
    }
  }
  return source;
}

function anchored(stringFunction: StringFunction, source: string): RegExp {
  const before = stringFunction === 'startsWith' ? '^' : '';
  const after = stringFunction === 'endsWith' ? '$' : '';
  return new RegExp(before + source + after, 'i');
}

/**
 * Compile the text of a string function into a test, as SQL Server's LIKE would run it: without
 * case, `%` for any characters, `_` for one, `[a-f]` for one of a set.
 */
export function likePattern(stringFunction: StringFunction, text: string): RegExp {
  return anchored(stringFunction, likeSource(text));
}

/** The same where no character is a wildcard. */
export function literalPattern(stringFunction: StringFunction, text: string): RegExp {
  return anchored(stringFunction, escapeRegExp(text));
}
