/** An error and all its causes in one line. */
export function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `; because ${told(error.cause)}`;
  return `${error.name}: ${error.message}${cause}`;
}
