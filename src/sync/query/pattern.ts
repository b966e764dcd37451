import { Op } from 'sequelize';
import type { Dialect, LegacyFilter, LegacyProperty } from '../../../legacy-client';
import { allOf, undecided, wider, type Bound } from './bound';
import type { Leaf } from './leaf';

interface Piece {
  readonly text: string;
  readonly op: 'startsWith' | 'endsWith' | 'contains';
}

/**
 * Bound a LIKE: each run of plain characters in the pattern must be somewhere in the text, the first
 * at its start, the last at its end. What the wildcards in between ask for, the local query decides.
 */
export function boundOfPattern(dialect: Dialect, property: LegacyProperty, leaf: Leaf): Bound {
  if (property.kind !== 'string') return undecided(`a pattern on ${leaf.attribute}`);
  if (typeof leaf.value !== 'string') return undecided(`a list of patterns on ${leaf.attribute}`);
  const pieces = piecesOf(patternOf(leaf.op, leaf.value));
  const filters = pieces.flatMap((piece) => filterOf(dialect, property, piece));
  if (filters.length === 0) return undecided(`nothing in the pattern bounds ${leaf.attribute}`);
  const reason = `${dialect.name} compares texts in its own way`;
  return allOf(filters.map((filter) => wider(filter, reason)));
}

// NOTE: Sequelize 6 builds these as patterns, without escaping wildcards in the value.
function patternOf(op: symbol, value: string): string {
  if (op === Op.startsWith) return `${value}%`;
  if (op === Op.endsWith) return `%${value}`;
  return op === Op.substring ? `%${value}%` : value;
}

function piecesOf(pattern: string): Piece[] {
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
    const plain = character === '\\' ? (characters[at] ?? '') : character;
    runs.push(`${runs.pop() ?? ''}${plain}`);
  }
  const last = runs.length - 1;
  return runs.flatMap((text, index): Piece[] => {
    if (text === '') return [];
    const op = index === 0 ? 'startsWith' : index === last ? 'endsWith' : 'contains';
    return [{ text, op }];
  });
}

/**
 * NOTE: Dynamics treats `%`, `_` and `[ ]` as wildcards. A `%` or `_` that is meant plainly still
 * matches itself, so it only widens; a bracket begins a set of characters and may not match itself.
 */
function filterOf(dialect: Dialect, property: LegacyProperty, piece: Piece): LegacyFilter[] {
  const isDynamics = dialect.stringWildcards || dialect.caseInsensitiveStrings;
  if (isDynamics && /[[\]^]/.test(piece.text)) return [];
  const blank = isDynamics && piece.text.trim() === '';
  return blank ? [] : [{ op: piece.op, property, value: piece.text }];
}
