import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { LegacyError } from '../errors';

/** What a span says of a request. Neither values nor credentials. */
export interface SpannedRequest {
  /** The logical operation: `MERGE`. */
  readonly method: string;
  /** As in the URL: `AccountSet`. */
  readonly entitySet: string;
  /** Without values of the query. */
  readonly redactedUrl: string;
  /** 1 for the first try. */
  readonly attempt: number;
}

/**
 * Run an exchange inside an OpenTelemetry span, `GET AccountSet`. Without an SDK in the application
 * the span does nothing.
 *
 * @remarks Attributes: OpenTelemetry semantic conventions for HTTP clients, 1.29.
 */
export async function inSpan<T extends { readonly status: number }>(
  { method, entitySet, redactedUrl, attempt }: SpannedRequest,
  exchange: () => Promise<T>,
): Promise<T> {
  const tracer = trace.getTracer('sequelize-dual-write');
  const options = {
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': method,
      'url.full': redactedUrl,
      ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    },
  };
  return tracer.startActiveSpan(`${method} ${entitySet}`, options, async (span) => {
    try {
      const answer = await exchange();
      span.setAttribute('http.response.status_code', answer.status);
      return answer;
    } catch (error) {
      noteFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** NOTE: not the message: it may hold what the service says of a person. */
function noteFailure(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
  if (!(error instanceof LegacyError)) return;
  span.setAttribute('dual_write.outcome', error.outcome);
  const { status } = error as { status?: unknown };
  if (typeof status === 'number') span.setAttribute('http.response.status_code', status);
}
