import { redactedUrl } from '../urls';

/** What one line of a log tells beside its message: plain values by name. */
export type LogDetails = Readonly<Record<string, unknown>>;

/**
 * Where the library writes what an operator should know: pino, or anything called like it. Details
 * come before the message.
 */
export interface Logger {
  /** What a developer may want to see. */
  debug?(details: LogDetails, message: string): void;
  /** What happens in the ordinary course. */
  info(details: LogDetails, message: string): void;
  /** What works, and should be looked at. */
  warn(details: LogDetails, message: string): void;
  /** What did not work. */
  error(details: LogDetails, message: string): void;
}

const hidden = '[secret]';

/** Names of details that hold a proof of who somebody is. */
const secretName = /passw|secret|token|authorization|cookie|api-?key|assertion|credential/i;

/** Within texts: an address, the value of a login's header, a setting `password=…`. */
const address = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"<>]+/gi;
const proof = /\b(basic|bearer|negotiate|ntlm)\s+[\w+/=.~-]{8,}/gi;
const setting =
  /(["']?\b[\w-]*(?:passw|secret|token|api-?key|cookie)[\w-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;,"']+)/gi;

/** Deeper details are left out: they are no plain values. */
const deepest = 6;

/**
 * Wrap a logger so that no secret reaches it, and that its own failure changes nothing of what the
 * library does: it becomes a warning of the process.
 */
export function withSecretsRemoved(logger: Logger): Required<Logger> {
  const guarded = (level: keyof Logger): Logger['info'] => {
    return (details, message) => {
      try {
        logger[level]?.(plain(details, deepest) as LogDetails, message);
      } catch (error) {
        process.emitWarning(
          `The logger failed: ${error instanceof Error ? error.name : 'unknown'}`,
        );
      }
    };
  };
  return {
    debug: guarded('debug'),
    info: guarded('info'),
    warn: guarded('warn'),
    error: guarded('error'),
  };
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutSecretsInText(value);
  if (value instanceof Error) return withoutSecretsInText(`${value.name}: ${value.message}`);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth === 0) return '[left out]';
  if (Array.isArray(value)) return value.map((member) => plain(member, depth - 1));
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    secretName.test(name) ? hidden : plain(member, depth - 1),
  ]);
  return Object.fromEntries(entries) as unknown;
}

/** NOTE: a message of PostgreSQL or of a proxy may repeat the address or the header it was sent. */
function withoutSecretsInText(text: string): string {
  return text
    .replace(address, (found) => redactedAddress(found))
    .replace(proof, (_, scheme: string) => `${scheme} ${hidden}`)
    .replace(setting, (_, name: string) => `${name}${hidden}`);
}

function redactedAddress(found: string): string {
  if (/^https?:/i.test(found)) return redactedUrl(found);
  return found.replace(/\/\/[^/@\s]*@/, `//${hidden}@`);
}
