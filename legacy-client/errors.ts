/**
 * Whether a failed write was certainly not applied (`refused`) or may have been (`unknown`). Failed
 * reads are judged by the same rule, where it only says how far the request came.
 */
export type LegacyOutcome = 'refused' | 'unknown';

/** What every {@link LegacyError} knows. */
export interface LegacyErrorDetails {
  readonly method: string;
  /** Without query values that could be personal: path and option names only. */
  readonly url: string;
  readonly outcome: LegacyOutcome;
  /** Of a batch's operations the one that failed, from 0, where that is known. */
  readonly index?: number | undefined;
  /** Never the HTTP library's own error: that carries the request's headers, and so the login. */
  readonly cause?: unknown;
}

/** A failed exchange with the legacy system. */
export class LegacyError extends Error {
  readonly method: string;
  readonly url: string;
  readonly outcome: LegacyOutcome;
  /** Of a batch's operations the one that failed, from 0, where that is known. */
  readonly index: number | undefined;

  constructor(message: string, details: LegacyErrorDetails) {
    super(`${message} [${details.method} ${details.url}]`, { cause: details.cause });
    this.name = new.target.name;
    this.method = details.method;
    this.url = details.url;
    this.outcome = details.outcome;
    this.index = details.index;
  }
}

/** The failure of a write's last try, when an earlier one may have been applied. */
export function madeUncertain<E extends LegacyError>(error: E): E {
  const changed: { outcome: LegacyOutcome } = error;
  changed.outcome = 'unknown';
  return error;
}

/** The request could not even be written: nothing was sent. The message says what to change. */
export class LegacyRequestError extends LegacyError {}

/** The caller gave the request up (`signal`). */
export class LegacyAbortedError extends LegacyError {}

/** The service could not be reached, or the connection broke. */
export class LegacyUnavailableError extends LegacyError {}

/**
 * The service has failed several times in a row, so nothing was sent: the next calls fail at once,
 * and after a while one of them tries again.
 */
export class LegacyCircuitOpenError extends LegacyUnavailableError {}

/** The service did not answer in time. */
export class LegacyTimeoutError extends LegacyError {
  readonly timeoutMs: number;

  constructor(timeoutMs: number, details: LegacyErrorDetails) {
    super(`No answer within ${timeoutMs} ms`, details);
    this.timeoutMs = timeoutMs;
  }
}

/** The service asks to slow down (429, or 503 with `Retry-After`). */
export class LegacyThrottledError extends LegacyError {
  readonly retryAfterMs: number;

  constructor(
    retryAfterMs: number,
    details: LegacyErrorDetails,
    message = `The service asks to wait ${retryAfterMs} ms`,
  ) {
    super(message, details);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The requests that this client may send (`budget`) are used up; nothing was sent. */
export class LegacyBudgetError extends LegacyThrottledError {
  constructor(retryAfterMs: number, details: LegacyErrorDetails) {
    const seconds = Math.ceil(retryAfterMs / 1000);
    const message = `The client's budget of requests is used up; it has room again in ${seconds} s`;
    super(retryAfterMs, details, message);
  }
}

/** The service's answer, as far as it may be shown. */
export interface LegacyAnswer {
  readonly status: number;
  /** The service's own code: `-2147220969`, `0x80040217`; empty where it gave none. */
  readonly code: string;
  /** The first 2 KiB, without credentials. */
  readonly body: string;
  /**
   * The body is the service's own, complete error document: the service has dealt with the request.
   * A plug-in's refusal comes so, with status 500, from Dynamics 2011; a look at the record then
   * tells what became of a write whose outcome is `unknown`.
   */
  readonly answered?: boolean;
}

/** The service answered, with a refusal or with something that cannot be read. */
export class LegacyResponseError extends LegacyError {
  readonly status: number;
  readonly code: string;
  readonly body: string;
  readonly answered: boolean;

  constructor(message: string, answer: LegacyAnswer, details: LegacyErrorDetails) {
    super(message, details);
    this.status = answer.status;
    this.code = answer.code;
    this.body = answer.body;
    this.answered = answer.answered ?? false;
  }
}

/** Whether the service itself has answered the request: no copy of it is on its way any more. */
export function hasEnded(error: LegacyError): boolean {
  return error instanceof LegacyResponseError && error.answered;
}

/** Not logged in, or a login page came where data was expected. */
export class LegacyLoginError extends LegacyResponseError {}

/** The token of a feed of changes is too old (410): everything must be read again. */
export class LegacyTokenExpiredError extends LegacyResponseError {}

/** The service user may not do this. */
export class LegacyForbiddenError extends LegacyResponseError {}

/** The service says that the record does not exist. */
export class LegacyNotFoundError extends LegacyResponseError {}

/** The record has changed in between (412), or a record with this key exists already. */
export class LegacyConflictError extends LegacyResponseError {}
