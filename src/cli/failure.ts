/** `postgres://user:password@host`: what stands between the user's name and the at sign. */
const passwordInUrl = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/]+@/gi;
/** `password=…`, `"client_secret": "…"`, `api-key: …`. */
const namedSecret =
  /((?:password|passwd|pwd|secret|token|api[-_]?key)["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&})]+)/gi;
/** What proves who we are in an HTTP header. */
const credentials = /\b(basic|bearer|negotiate|ntlm)\s+[A-Za-z0-9+/._~-]{8,}=*/gi;

/** Take out of a text whatever looks like a password or a token. */
export function withoutSecrets(text: string): string {
  return text
    .replace(passwordInUrl, '$1[secret]@')
    .replace(namedSecret, '$1[secret]')
    .replace(credentials, '$1 [secret]');
}

/** Take out of a text what could steer a terminal: services and records may say anything. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '');
}

/**
 * Say what went wrong, for a person at a terminal: the message in one line, and below it the single
 * problems, where an error has a list of them.
 *
 * @param verbose - with the stack, and the stacks of the causes.
 */
export function describeFailure(error: unknown, verbose: boolean): string {
  const text = verbose ? stacksOf(error).join('\ncaused by ') : summaryOf(error);
  return printable(`dual-write: ${withoutSecrets(text)}`);
}

function summaryOf(error: unknown): string {
  const text = messageOf(error);
  return hasProblems(error) ? text : text.replace(/\s*\n\s*/g, ' ');
}

function hasProblems(error: unknown): boolean {
  return error instanceof Error && 'problems' in error && Array.isArray(error.problems);
}

/** NOTE: node's AggregateError, which Sequelize hands on for a refused connection, has no message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  const { parent, errors, cause } = error as { parent?: unknown; errors?: unknown[] } & Error;
  const inner = errors?.[0] ?? parent ?? cause;
  return inner === undefined || inner === error ? error.name : `${error.name}: ${messageOf(inner)}`;
}

function stacksOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const own = error.stack ?? messageOf(error);
  return error.cause === undefined ? [own] : [own, ...stacksOf(error.cause)];
}
