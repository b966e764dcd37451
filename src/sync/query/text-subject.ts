import type { Dialect, LegacyFilter, LegacyProperty } from '../../../legacy-client';
import { allOf, undecided, widened, wider, type Bound } from './bound';
import {
  encodedLength,
  partsOf,
  pieceOfExpression,
  piecesOf,
  startWithin,
  wellFormed,
  type Piece,
} from './pattern';
import { presence, type Subject } from './subject';

/** A text as it is kept on both sides. */
export interface TextProperty {
  readonly name: string;
  readonly property: LegacyProperty;
  /** Where the column does not allow null, `''` stands for a legacy null. */
  readonly nullable: boolean;
  /** What the local column does not tell apart: the case of letters, or blanks at the end. */
  readonly looseHere?: 'case' | 'blanks';
}

/**
 * Texts. How a service compares them is its own affair (capitals, accents, trailing blanks), so that
 * a filter on texts is never exact, only equality and plain runs of patterns are sent, and nothing
 * that is negated.
 */
export function texts(text: TextProperty, dialect: Dialect): Subject {
  const { name, property, nullable, looseHere } = text;
  const ways = `${dialect.name} compares texts in its own way`;
  const absent: LegacyFilter = { op: 'eq', property, value: null };
  const has = presence(property, nullable);
  const piece = (one: Piece, ignoreCase: boolean): Bound =>
    allOf(
      filtersOf(text, dialect, { piece: one, ignoreCase }).map((filter) => wider(filter, ways)),
    );
  const pieces = (all: readonly Piece[], ignoreCase: boolean): Bound => {
    const bound = allOf(all.map((one) => piece(one, ignoreCase)));
    if (bound.filter !== 'all') return widened(bound, ways);
    return widened(has.present, `nothing in the pattern bounds ${name}`);
  };
  return {
    name,
    ...has,
    compare: (op, value) => {
      if (typeof value !== 'string' || value.includes('\0')) throw new RangeError('not a text');
      if (op === 'ne') return widened(has.present, `a negated text comparison on ${name}`);
      if (op !== 'eq')
        return widened(has.present, `texts of ${name} are sorted in other ways there`);
      if (looseHere) {
        return pieces([{ text: value.trimEnd(), op: 'startsWith' }], looseHere === 'case');
      }
      const whole: LegacyFilter = { op: 'eq', property, value: wellFormed(value) };
      if (value === '') return wider({ op: 'or', filters: [whole, absent] }, ways);
      if (fitsUrl(dialect, value)) return wider(whole, ways);
      return pieces([{ text: value, op: 'startsWith' }], false);
    },
    like: (pattern, ignoreCase) => {
      // The column pads its texts with blanks, which a pattern sees.
      if (looseHere === 'blanks') return widened(has.present, `a pattern on padded ${name}`);
      const found = piecesOf(pattern);
      if (!found || pattern.includes('\0')) return undecided(`the pattern on ${name} is cut short`);
      if (found.some((one) => one.text === '')) return emptyText(property, ways, nullable);
      return pieces(found, ignoreCase || looseHere === 'case');
    },
    matches: (expression, ignoreCase) => {
      const found = pieceOfExpression(expression);
      if (found && looseHere !== 'blanks')
        return pieces([found], ignoreCase || looseHere === 'case');
      return widened(has.present, `a regular expression on ${name}`);
    },
  };
}

function emptyText(property: LegacyProperty, ways: string, nullable: boolean): Bound {
  const empty = wider({ op: 'eq', property, value: '' }, ways);
  if (nullable) return empty;
  return wider(
    {
      op: 'or',
      filters: [
        { op: 'eq', property, value: '' },
        { op: 'eq', property, value: null },
      ],
    },
    ways,
  );
}

interface PieceToSend {
  readonly piece: Piece;
  readonly ignoreCase: boolean;
}

function filtersOf(
  { property }: TextProperty,
  dialect: Dialect,
  { piece, ignoreCase }: PieceToSend,
): LegacyFilter[] {
  const folds = ignoreCase && !dialect.caseInsensitiveStrings;
  if (folds && !dialect.foldsCase) return [];
  const canSend = (character: string): boolean =>
    isPlain(dialect, character) && (!ignoreCase || foldsAlike(dialect, character));
  return partsOf(piece, canSend).flatMap((part): LegacyFilter[] => {
    const value = wellFormed(startWithin(part.text, longestText(dialect)));
    // What Dynamics makes of blanks alone is not known.
    if (value === '' || (dialect.caseInsensitiveStrings && value.trim() === '')) return [];
    const isCut = value.length < part.text.length;
    if (part.op === 'equals' && !folds && !isCut) return [{ op: 'eq', property, value }];
    const op =
      part.op === 'equals' ? 'startsWith' : isCut && part.op === 'endsWith' ? 'contains' : part.op;
    return [{ op, property, value, ...(folds && { ignoreCase: true }) }];
  });
}

/**
 * NOTE: without an escape, a bracket begins a set of characters for SQL Server and may not match
 * itself. A `%` or `_` that is meant plainly still does.
 */
function isPlain(dialect: Dialect, character: string): boolean {
  const mayBeWildcard = dialect.stringWildcards || dialect.caseInsensitiveStrings;
  return !mayBeWildcard || dialect.escapesWildcards || !/[[\]^]/.test(character);
}

/**
 * Whether PostgreSQL's ILIKE and the service surely take the same other characters for this one.
 *
 * NOTE: ILIKE lowers both sides by the database's locale. For ASCII that is the same everywhere but
 * for `i` (Turkish, and U+0130) and `k` (the Kelvin sign U+212A). Characters without case, other
 * than combining ones, are left alone by all. Of Western letters the collations of Dynamics know the
 * pairs; a service's `tolower` may stop at ASCII.
 */
function foldsAlike(dialect: Dialect, character: string): boolean {
  if (character <= '\u007f') return !/[ik]/i.test(character);
  if (/\p{M}/u.test(character)) return false;
  if (character.toLowerCase() === character.toUpperCase()) return true;
  return dialect.caseInsensitiveStrings && /[À-ÖØ-Þà-öø-þ]/.test(character);
}

/** So many characters of a URL, that several texts have room in it. */
function longestText({ maxUrlLength }: Dialect): number {
  return Math.floor(maxUrlLength / 8);
}

function fitsUrl(dialect: Dialect, text: string): boolean {
  return encodedLength(text) <= longestText(dialect);
}
