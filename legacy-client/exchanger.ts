import { parseBody } from './answer-body';
import { LoginFailure } from './auth/login-failure';
import type { Wire } from './auth/authenticator';
import type { Dialect, DialectRequest } from './dialects/dialect';
import { MalformedAnswerError } from './dialects/problems';
import { LegacyError } from './errors';
import { writeJson } from './exact-json';
import type { Exchange } from './exchange';
import {
  errorOfAnswer,
  errorOfFailure,
  type JudgedRequest,
  loginError,
  unreadableAnswer,
} from './judgement';
import { NetworkFailure } from './network-failure';
import { inSpan } from './observe/span';
import type { StreamedAnswer } from './streaming/streamed-answer';
import type { TransportAnswer } from './transport';
import { redactedUrl } from './urls';

/** What an exchange is about. */
export interface ExchangeSubject {
  readonly request: DialectRequest;
  /** Absolute. */
  readonly url: string;
  readonly entitySet: string;
  readonly signal?: AbortSignal | undefined;
  /** Reads an answer of several parts; left out where one answer is expected. */
  readonly readParts?: PartsReader;
  /** Takes parts of a long list while it arrives; left out where the answer is wanted as a whole. */
  readonly streamed?: StreamedAnswer | undefined;
  /** What is in the request, where that is only the carrier of another one: reports tell of that. */
  readonly carries?: { readonly method: string; readonly url: string };
}

/** @throws LegacyError when the parts do not amount to a success. */
export type PartsReader = (received: TransportAnswer, judged: JudgedRequest) => readonly Answer[];

/** A success. */
export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed; undefined for none. */
  readonly body: unknown;
  /** Of an answer of several parts; empty for a single one. */
  readonly parts: readonly Answer[];
  /** The error to throw when the parsed body turns out to be something else than expected. */
  unreadable(reason: string): LegacyError;
}

/** What an {@link Exchanger} works with. */
export interface ExchangerParts {
  readonly transport: Wire;
  readonly dialect: Dialect;
  readonly onExchange?: ((exchange: Exchange) => void) | undefined;
}

type Report = (answer: TransportAnswer | undefined, error?: LegacyError) => void;

/** Carries out one exchange: a request, its answer, what the answer amounts to, and the report. */
export class Exchanger {
  constructor(private readonly parts: ExchangerParts) {}

  /**
   * @param headers - with the proof of the login.
   * @param attempt - for the report.
   * @throws LegacyError
   */
  async exchange(
    subject: ExchangeSubject,
    headers: DialectRequest['headers'],
    attempt: number,
  ): Promise<Answer> {
    const judged = this.judged(subject, headers);
    const { entitySet } = subject;
    return inSpan({ ...judged, entitySet, attempt }, () =>
      this.judgedExchange(subject, judged, attempt),
    );
  }

  private async judgedExchange(
    subject: ExchangeSubject,
    judged: JudgedRequest,
    attempt: number,
  ): Promise<Answer> {
    const { url, request, signal, readParts } = subject;
    const { headers } = judged;
    const body = request.body === undefined ? request.text : writeJson(request.body);
    const report = this.reporter(judged, subject, { attempt, body });
    let received: TransportAnswer | undefined;
    try {
      const { method } = request;
      const sieve = readParts === undefined ? subject.streamed?.sieve() : undefined;
      received = await this.parts.transport.send({ method, url, headers, body, signal, sieve });
      const answer = readAnswer(received, judged, readParts);
      report(received);
      return answer;
    } catch (caught) {
      const error = errorOf(caught, judged);
      report(received, error instanceof LegacyError ? error : undefined);
      throw error;
    }
  }

  /** What is said of a request when it is judged. */
  judged(subject: ExchangeSubject, headers: DialectRequest['headers']): JudgedRequest {
    const { transport, dialect } = this.parts;
    const { url, request, carries } = subject;
    const method = carries?.method ?? logicalMethod(request);
    const { timeoutMs } = transport;
    const told = redactedUrl(carries?.url ?? url);
    return { method, url, redactedUrl: told, headers, timeoutMs, dialect };
  }

  private reporter(
    { method, redactedUrl: url }: JudgedRequest,
    { entitySet }: ExchangeSubject,
    { attempt, body }: { attempt: number; body: string | undefined },
  ): Report {
    const { onExchange } = this.parts;
    if (onExchange === undefined) return () => undefined;
    const started = performance.now();
    const requestBytes = body === undefined ? 0 : Buffer.byteLength(body);
    return (answer, error) => {
      notify(onExchange, {
        ...{ method, entitySet, url, attempt, requestBytes },
        status: answer?.status ?? null,
        durationMs: performance.now() - started - (answer?.waitedMs ?? 0),
        responseBytes: answer?.bytes ?? 0,
        ...(error === undefined ? {} : { outcome: error.outcome }),
      });
    };
  }
}

function errorOf(caught: unknown, judged: JudgedRequest): unknown {
  if (caught instanceof NetworkFailure) return errorOfFailure(caught, judged);
  if (!(caught instanceof LoginFailure)) return caught;
  const { method, redactedUrl: url } = judged;
  return loginError(caught, { method, url, outcome: 'refused' });
}

/** The operation that a request stands for: v2 sends MERGE inside a POST. */
export function logicalMethod({ method, headers }: DialectRequest): string {
  return headers['X-HTTP-Method'] ?? method;
}

function readAnswer(
  received: TransportAnswer,
  judged: JudgedRequest,
  readParts: PartsReader | undefined,
): Answer {
  if (readParts !== undefined) {
    const parts = readParts(received, judged);
    const answer = answerOf(received, judged);
    if (received.failure !== undefined) throw answer.unreadable(received.failure.message);
    return { ...answer, parts };
  }
  const error = errorOfAnswer(received, judged);
  if (error !== undefined) throw error;
  return parsedAnswer(received, judged);
}

/**
 * A success with its body parsed.
 *
 * @throws LegacyResponseError with outcome `unknown` when the body cannot be parsed.
 */
export function parsedAnswer(received: TransportAnswer, judged: JudgedRequest): Answer {
  const answer = answerOf(received, judged);
  try {
    if (received.failure !== undefined) throw received.failure;
    return { ...answer, body: parseBody(received) };
  } catch (failure) {
    if (failure instanceof MalformedAnswerError) throw answer.unreadable(failure.message);
    // NOTE: the parser's message quotes the text, which may be personal.
    const isCut = failure instanceof SyntaxError;
    throw answer.unreadable(isCut ? 'it is malformed or cut off' : 'it is unfit');
  }
}

function answerOf(received: TransportAnswer, judged: JudgedRequest): Answer {
  const { status, headers } = received;
  const unreadable = (reason: string): LegacyError => unreadableAnswer(reason, received, judged);
  return { status, headers, body: undefined, parts: [], unreadable };
}

/** An observer's own failure must not change what becomes of a request. */
function notify(onExchange: (exchange: Exchange) => void, exchange: Exchange): void {
  try {
    onExchange(exchange);
  } catch (error) {
    process.emitWarning(`onExchange failed: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
