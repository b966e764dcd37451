/** The exit cannot be carried out; nothing has been changed. */
export class ExitError extends Error {
  /** All that is wrong, one sentence each. */
  readonly problems: readonly string[];

  constructor(summary: string, problems: readonly string[]) {
    super([summary, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.name = 'ExitError';
    this.problems = problems;
  }
}
