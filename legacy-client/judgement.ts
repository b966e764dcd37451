import { LoginFailure } from './auth/login-failure';
import type { Dialect } from './dialects/dialect';
import { type ErrorDocument, readErrorDocument } from './error-document';
import {
  LegacyAbortedError,
  LegacyConflictError,
  type LegacyError,
  type LegacyErrorDetails,
  LegacyForbiddenError,
  LegacyLoginError,
  LegacyNotFoundError,
  type LegacyOutcome,
  LegacyResponseError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyUnavailableError,
} from './errors';
import { isHtml, isLoginAddress, isLoginPage, withoutFieldValues } from './html';
import { type NetworkFailure, plainCause } from './network-failure';
import { retryAfterMs } from './limits/retry-after';
import { withoutSecrets } from './secrets';
import type { TransportAnswer } from './transport';
import { resolveAddress } from './urls';

/** What a judgement must know of the request. */
export interface JudgedRequest {
  /** The logical operation. */
  readonly method: string;
  /** As it was sent. */
  readonly url: string;
  /** Without values. */
  readonly redactedUrl: string;
  /** Of a batch's operations the one that is judged. */
  readonly index?: number | undefined;
  /** As they were sent, credentials included. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly dialect: Pick<Dialect, 'classifyError'>;
}

const DEFAULT_RETRY_AFTER_MS = 1_000;
const SHOWN_BYTES = 2048;
const SHOWN_MESSAGE = 300;

/** The error for an exchange without a complete answer. */
export function errorOfFailure(failure: NetworkFailure, request: JudgedRequest): LegacyError {
  const outcome: LegacyOutcome = failure.sent ? 'unknown' : 'refused';
  const details = { ...named(request), outcome, cause: clean(failure.cause, request) };
  switch (failure.kind) {
    case 'timeout':
      return new LegacyTimeoutError(request.timeoutMs, details);
    case 'aborted':
      return new LegacyAbortedError('Given up by the caller', details);
    case 'tooLarge': {
      const answer = { status: 0, code: '', body: '' };
      const message = `The answer is larger than ${sizeOf(failure.limit)}, the most that is read`;
      return new LegacyResponseError(message, answer, details);
    }
    default:
      return new LegacyUnavailableError(
        failure.sent
          ? 'The connection broke before a complete answer'
          : 'The service is unreachable',
        details,
      );
  }
}

function sizeOf(bytes: number): string {
  const mebibytes = bytes / 1024 / 1024;
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${bytes} bytes`;
}

/** The error for a login that did not come about, whatever it was that failed. */
export function loginError(
  error: unknown,
  { method, url, outcome }: LegacyErrorDetails,
): LegacyLoginError {
  const nothing = { status: 0, code: '', body: '' };
  const words = error instanceof LoginFailure ? `: ${error.message}` : '';
  const cause = plainCause(error);
  return new LegacyLoginError(`The login failed${words}`, nothing, { method, url, outcome, cause });
}

/** The error that an answer amounts to; undefined when it is a success with data or nothing. */
export function errorOfAnswer(
  answer: TransportAnswer,
  request: JudgedRequest,
): LegacyError | undefined {
  const { status } = answer;
  if (status >= 300 && status < 400) return redirectError(answer, request);
  const contentType = answer.headers['content-type'] ?? '';
  const page = isHtml(contentType, answer.text);
  if (status < 300) return page ? pageError(answer, request) : undefined;
  return throttledError(answer, request) ?? refusal(answer, request, page);
}

/** The error for a success that cannot be read: a write was carried out nevertheless. */
export function unreadableAnswer(
  reason: string,
  answer: TransportAnswer,
  request: JudgedRequest,
): LegacyResponseError {
  const message = `The answer cannot be read: ${reason}`;
  return new LegacyResponseError(message, shown(answer, request), {
    ...named(request),
    outcome: 'unknown',
  });
}

function redirectError(answer: TransportAnswer, request: JudgedRequest): LegacyError {
  const location = resolveAddress(answer.headers.location ?? '', request.url);
  // 303 says "done, look there": the others say that nothing was done here.
  const outcome: LegacyOutcome = answer.status === 303 ? 'unknown' : 'refused';
  const place = location === undefined ? 'nowhere' : location.origin + location.pathname;
  const message = `The service answered ${answer.status}, a redirect to ${place}`;
  const isLogin = location !== undefined && isLoginAddress(location);
  const Kind = isLogin ? LegacyLoginError : LegacyResponseError;
  return new Kind(message, shown(answer, request), { ...named(request), outcome });
}

function pageError(answer: TransportAnswer, request: JudgedRequest): LegacyError {
  const details = { ...named(request), outcome: 'unknown' } as const;
  const parts = shown(answer, request);
  return isLoginPage(answer.text)
    ? new LegacyLoginError('A login page came where data was expected', parts, details)
    : new LegacyResponseError('An HTML page came where data was expected', parts, details);
}

function throttledError(answer: TransportAnswer, request: JudgedRequest): LegacyError | undefined {
  const wait = retryAfterMs(answer.headers['retry-after'], Date.now());
  const throttles = answer.status === 429 || (answer.status === 503 && wait !== undefined);
  if (!throttles) return undefined;
  const details = { ...named(request), outcome: 'refused' } as const;
  return new LegacyThrottledError(wait ?? DEFAULT_RETRY_AFTER_MS, details);
}

function refusal(answer: TransportAnswer, request: JudgedRequest, page: boolean): LegacyError {
  const { status } = answer;
  const document = page ? undefined : readErrorDocument(answer.text);
  const Kind = refusalKind(status, document, request.dialect);
  const isCertain = Kind === LegacyConflictError || Kind === LegacyNotFoundError;
  const outcome = isCertain || isRefusal(status) ? 'refused' : 'unknown';
  const words = document === undefined ? '' : wordsOf(document);
  const message = withoutSecrets(`The service answered ${status}${words}`, request.headers);
  const parts = shown(answer, request, document);
  return new Kind(message, parts, { ...named(request), outcome });
}

/**
 * NOTE: 408 and 499 come from proxies, which do not know what became of the request behind them. 501
 * says that the service cannot do such a thing at all.
 */
function isRefusal(status: number): boolean {
  if (status === 501) return true;
  return status >= 400 && status < 500 && status !== 408 && status !== 499;
}

function refusalKind(
  status: number,
  document: ErrorDocument | undefined,
  dialect: JudgedRequest['dialect'],
): typeof LegacyResponseError {
  if (status === 401) return LegacyLoginError;
  if (status === 403) return LegacyForbiddenError;
  if (status === 409 || status === 412) return LegacyConflictError;
  const said = document && dialect.classifyError({ ...document, status });
  if (said === 'conflict') return LegacyConflictError;
  const isLost = said === 'notFound' && (status === 404 || document?.isFault === true);
  return isLost ? LegacyNotFoundError : LegacyResponseError;
}

function wordsOf({ code, message }: ErrorDocument): string {
  const text = message.length > SHOWN_MESSAGE ? `${message.slice(0, SHOWN_MESSAGE)}…` : message;
  return `${code === '' ? '' : ` (${code})`}${text === '' ? '' : `: ${text}`}`;
}

function shown(
  { status, text }: TransportAnswer,
  { headers }: JudgedRequest,
  document?: ErrorDocument,
): { status: number; code: string; body: string; answered: boolean } {
  const safe = withoutSecrets(withoutFieldValues(text.slice(0, 4 * SHOWN_BYTES)), headers);
  const body = Buffer.from(safe, 'utf8').subarray(0, SHOWN_BYTES).toString('utf8');
  return { status, code: document?.code ?? '', body, answered: document !== undefined };
}

function named({ method, redactedUrl, index }: JudgedRequest): Omit<LegacyErrorDetails, 'outcome'> {
  return { method, url: redactedUrl, index };
}

function clean(cause: unknown, { headers }: JudgedRequest): unknown {
  if (cause instanceof Error) cause.message = withoutSecrets(cause.message, headers);
  return cause;
}
