/** A value of a cell: a date is shown in UTC, null as a dash. */
export type Cell = string | number | boolean | Date | null | undefined;

/**
 * Lay rows out under aligned headings: numbers to the right, all else to the left, two blanks
 * between columns. The columns are those of the first row, in its order.
 *
 * @param rows - by column; `localOnly` is headed `Local only`.
 * @returns lines without trailing blanks; none for no rows.
 */
export function tableLines(rows: readonly Readonly<Record<string, Cell>>[]): string[] {
  const [first] = rows;
  if (!first) return [];
  const columns = Object.keys(first).map((name) => {
    const cells = rows.map((row) => shown(row[name]));
    const heading = headingOf(name);
    const width = Math.max(heading.length, ...cells.map((cell) => cell.length));
    const isNumber = rows.every((row) => typeof row[name] === 'number');
    const align = (text: string): string => (isNumber ? text.padStart(width) : text.padEnd(width));
    return [heading, ...cells].map(align);
  });
  const height = rows.length + 1;
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((column) => column[line] ?? '')
      .join('  ')
      .trimEnd(),
  );
}

function shown(cell: Cell): string {
  if (cell === null || cell === undefined) return '-';
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

/** `localOnly` is `Local only`. */
function headingOf(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
