/** How an exchange failed below HTTP. */
export type NetworkFailureKind = 'network' | 'timeout' | 'aborted' | 'tooLarge';

/** What is known of a {@link NetworkFailure}. */
export interface NetworkFailureDetails {
  readonly kind: NetworkFailureKind;
  /** False when the request certainly never left. */
  readonly sent: boolean;
  readonly cause?: Error | undefined;
  /** Bytes that an answer may have, where it has more. */
  readonly limit?: number;
}

/** No complete answer came. The client throws it as one of its own errors. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure';
  readonly kind: NetworkFailureKind;
  readonly sent: boolean;
  readonly limit: number;

  constructor({ kind, sent, cause, limit = 0 }: NetworkFailureDetails) {
    super(kind, { cause });
    this.kind = kind;
    this.sent = sent;
    this.limit = limit;
  }
}

/**
 * What may be kept of a foreign error: name, message and code.
 *
 * @remarks The HTTP library's errors carry the request with all its headers.
 */
export function plainCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('unknown failure');
  const code = codeOf(error);
  const plain = new Error(error.message === '' ? (code ?? error.name) : error.message);
  plain.name = error.name;
  return code === undefined ? plain : Object.assign(plain, { code });
}

const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/** Tell whether an error happened before a connection was there to send anything on. */
export function isConnectFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { syscall, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (NEVER_CONNECTED.has(codeOf(error) ?? '')) return true;
  return syscall === 'connect' || syscall === 'getaddrinfo' || isConnectFailure(cause);
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
