/** A table of a Markdown document that a test checks, between two comments. */
export interface MarkedTable {
  /** The cells below the headings. */
  readonly rows: readonly (readonly string[])[];
  /** The document with other rows in the table. */
  with(rows: readonly (readonly string[])[]): string;
}

/**
 * Find a table.
 *
 * @param name - as in `<!-- checked: name -->`; the table ends with `<!-- end: name -->`.
 */
export function markedTable(document: string, name: string): MarkedTable {
  const [begin, end] = [`<!-- checked: ${name} -->`, `<!-- end: ${name} -->`];
  const from = document.indexOf(begin) + begin.length;
  const to = document.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`There is no table ${name}.`);
  const lines = document.slice(from, to).trim().split('\n');
  const [headings = [], , ...rows] = lines.map(cellsOf);
  return {
    rows,
    with: (changed) => {
      const table = printed(headings, changed);
      return `${document.slice(0, from)}\n\n${table}\n\n${document.slice(to)}`;
    },
  };
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\s*\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Printed as prettier prints it. */
function printed(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(headings), rule, ...rows.map(line)].join('\n');
}
