import path from 'node:path';
import { ExitError } from './errors';

/** One step of the exit, as MIGRATION_EXIT.md lists it. */
export type ExitStep =
  /** A file or a folder goes. */
  | { readonly verb: 'delete'; readonly path: string }
  /** Adjacent lines, which must exist exactly once, become others (or none). */
  | {
      readonly verb: 'replace';
      readonly path: string;
      readonly old: readonly string[];
      readonly replacement: readonly string[];
    }
  /**
   * These lines go, each of which must exist exactly once; without lines, all that stands between
   * the two markers, and the markers.
   */
  | { readonly verb: 'remove-lines'; readonly path: string; readonly lines: readonly string[] }
  /** A package leaves package.json. */
  | { readonly verb: 'uninstall'; readonly packageName: string }
  /** These attributes' columns leave every model's table. */
  | { readonly verb: 'drop-columns'; readonly attributes: readonly string[] }
  /** These tables leave the database. */
  | { readonly verb: 'drop-tables'; readonly tables: readonly string[] };

interface ListLine {
  readonly number: number;
  readonly text: string;
}

interface ListEntry extends ListLine {
  /** Lines that begin with - or +. */
  readonly changes: string[];
}

const opening = '```exit';

/**
 * Read the steps of the exit from the fenced `exit` blocks of a Markdown text.
 *
 * ```text
 * # a comment
 * delete src/sync
 * replace models/base.ts
 *   - export { LegacyModel as ApplicationModel } from '../src';
 *   + export { TimestampedModel as ApplicationModel } from '../src';
 * remove-lines src/main.ts
 * remove-lines tsconfig.json
 *   - "legacy-client",
 * uninstall axios
 * drop-columns legacyId legacyVersion
 * drop-tables dual_write_known
 * ```
 *
 * @throws ExitError naming every line that is not understood.
 */
export function parseExitList(markdown: string): ExitStep[] {
  const problems: string[] = [];
  const entries = entriesOf(fencedLines(markdown, problems));
  const steps: ExitStep[] = [];
  for (const entry of entries) {
    const step = parseStep(entry);
    if (typeof step === 'string') problems.push(`Line ${entry.number}: ${step}`);
    else steps.push(step);
  }
  if (entries.length === 0) problems.push(`There is no block that begins with ${opening}.`);
  if (problems.length > 0) throw new ExitError('The exit list cannot be read.', problems);
  return steps;
}

function fencedLines(markdown: string, problems: string[]): ListLine[] {
  const found: ListLine[] = [];
  let openedAt: number | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    if (openedAt === undefined) {
      if (text.trimEnd() === opening) openedAt = index + 1;
    } else if (text.trimEnd() === '```') {
      openedAt = undefined;
    } else if (text.trim() !== '' && !text.startsWith('#')) {
      found.push({ number: index + 1, text: text.trimEnd() });
    }
  }
  if (openedAt !== undefined) problems.push(`Line ${openedAt}: the block is never closed.`);
  return found;
}

/** Put the lines with - and + to the line that they belong to. */
function entriesOf(lines: readonly ListLine[]): ListEntry[] {
  const entries: ListEntry[] = [];
  for (const line of lines) {
    const entry = entries.at(-1);
    if (entry && /^\s+[-+]( |$)/.test(line.text)) entry.changes.push(line.text.trimStart());
    else entries.push({ ...line, changes: [] });
  }
  return entries;
}

type StepParser = (words: readonly string[], changes: readonly string[]) => ExitStep | string;

const parsers: Readonly<Record<ExitStep['verb'], StepParser>> = {
  delete: (words) => onPath(words, (file) => ({ verb: 'delete', path: file })),
  replace: (words, changes) => onPath(words, (file) => replaceStep(file, changes)),
  'remove-lines': (words, changes) => onPath(words, (file) => removalStep(file, changes)),
  uninstall: ([packageName, ...more]) =>
    packageName !== undefined && more.length === 0
      ? { verb: 'uninstall', packageName }
      : "'uninstall' is followed by one package.",
  'drop-columns': (attributes) => ({ verb: 'drop-columns', attributes }),
  'drop-tables': (tables) => ({ verb: 'drop-tables', tables }),
};

function isVerb(word: string): word is ExitStep['verb'] {
  return Object.hasOwn(parsers, word);
}

/** The step, or what is wrong with it. */
function parseStep({ text, changes }: ListEntry): ExitStep | string {
  const [verb = '', ...words] = text.split(/\s+/);
  if (!isVerb(verb)) return `'${text}' begins with none of ${Object.keys(parsers).join(', ')}.`;
  if (changes.length > 0 && verb !== 'replace' && verb !== 'remove-lines') {
    return `no lines with - or + may follow '${verb}'.`;
  }
  if (words.length === 0) return `'${verb}' says not of what.`;
  return parsers[verb](words, changes);
}

function onPath(words: readonly string[], step: (file: string) => ExitStep | string) {
  const [file] = words;
  if (words.length !== 1 || !file) return 'one path is needed, without blanks.';
  const normal = path.posix.normalize(file);
  if (normal !== file || /^\/|^\.\.?(\/|$)|\/$/.test(file)) {
    return `'${file}' is not a plain path below the project's folder.`;
  }
  return step(file);
}

function removalStep(file: string, changes: readonly string[]): ExitStep | string {
  if (changes.some((change) => !change.startsWith('-'))) {
    return "'remove-lines' puts nothing in the place of what goes: only lines with - may follow.";
  }
  return { verb: 'remove-lines', path: file, lines: changes.map((change) => change.slice(2)) };
}

function replaceStep(file: string, changes: readonly string[]): ExitStep | string {
  const old: string[] = [];
  const replacement: string[] = [];
  for (const change of changes) {
    const sign = change.slice(0, 1);
    const content = change.slice(2);
    if (sign === '-' && replacement.length > 0) {
      return 'the lines with - come first; begin another replace for the next place.';
    }
    (sign === '-' ? old : replacement).push(content);
  }
  if (old.length === 0) return "'replace' needs at least one line with -.";
  return { verb: 'replace', path: file, old, replacement };
}
