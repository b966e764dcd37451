/** What the process ends with: part of the command's contract, so that scripts can tell apart. */
export const exitCodes = {
  done: 0,
  /** What was asked for could not be carried out. */
  failed: 1,
  /** The command was not understood: arguments, or the configuration file. */
  usedWrongly: 2,
} as const;

/** The arguments or the configuration are at fault, not what they were to start. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}
