import type { Goal, Measured, Result } from './compare';

/** Print a result as a Markdown table, with its goals below. */
export function markdown({ title, measured, goals }: Result): string {
  const rows = measured.map(({ variant, wallMs, wallRatio, cpuRatio }) => [
    variant,
    wallMs.toFixed(wallMs < 100 ? 1 : 0),
    `${ratio(wallRatio)} ×`,
    `${ratio(cpuRatio)} ×`,
  ]);
  return [
    `### ${title}`,
    '',
    ...table([['', 'ms, median', 'time', 'processor'], ...rows]),
    ...(goals.length === 0 ? [] : ['']),
    ...goals.map((goal) => `Goal: ${verdict(goal, measured)}`),
    '',
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const [heading = [], ...body] = rows;
  const widths = heading.map((_, column) =>
    Math.max(4, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(heading), `| ${rule.join(' | ')} |`, ...body.map(line)];
}

function ratio(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

function verdict(goal: Goal, measured: readonly Measured[]): string {
  const { variant, atMost = Infinity, atLeast = 0 } = goal;
  const found = measured.find((row) => row.variant === variant)?.wallRatio ?? NaN;
  const wanted = goal.atMost === undefined ? `at least ${atLeast} ×` : `at most ${atMost} ×`;
  const isMet = found <= atMost && found >= atLeast;
  return `${variant} ${wanted}: ${isMet ? 'met' : 'not met'}, ${ratio(found)} ×.`;
}
