import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { ConnectionWatch } from './connection-watch';
import { IDLE_CONNECTION_MS, type Lane } from './lane';
import { isConnectFailure, NetworkFailure, plainCause } from './network-failure';
import {
  type AnswerSieve,
  readStream,
  type StreamedBody,
  TooLargeError,
} from './streaming/read-stream';
import { encodingProblem } from './streaming/utf8';
import { TimeLimit } from './time-limit';

/** One request, ready to be sent. */
export interface TransportRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The connection to send it by; without one, any of the transport's own. */
  readonly lane?: Lane | undefined;
  /** Takes elements out of a success while it arrives; for one answer only. */
  readonly sieve?: AnswerSieve | undefined;
}

/** One complete answer, whatever its status. */
export interface TransportAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without what a sieve has taken out. */
  readonly text: string;
  /** The `Set-Cookie` headers. */
  readonly setCookies: readonly string[];
  /** Size of the body, decompressed. */
  readonly bytes: number;
  /** Why a sieve could not read the body, or that a success is no text; the text is not to be used. */
  readonly failure?: Error;
  /** How long it had to wait for those who take what a sieve finds, in milliseconds. */
  readonly waitedMs?: number;
}

/** No request may be larger; nor an answer, compressed or not, unless the client is told so: 64 MiB. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

/** Sends one request over kept-alive connections: no repeats, no redirects, no judgement. */
export class Transport {
  private readonly httpAgent = new http.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  private readonly httpsAgent = new https.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  private readonly client: AxiosInstance;

  /** @param largestBytes - of an answer, compressed or not. */
  constructor(
    readonly timeoutMs: number,
    private readonly largestBytes = LARGEST_BODY_BYTES,
  ) {
    this.client = axios.create({
      adapter: 'http',
      httpAgent: this.httpAgent,
      httpsAgent: this.httpsAgent,
      maxRedirects: 0,
      maxContentLength: largestBytes,
      maxBodyLength: LARGEST_BODY_BYTES,
      responseType: 'arraybuffer',
      validateStatus: () => true,
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
    });
  }

  /** @throws {@link NetworkFailure} when no complete answer came in time. */
  async send(request: TransportRequest): Promise<TransportAnswer> {
    const watch = new ConnectionWatch((socket) => {
      if (request.lane !== undefined) request.lane.latest = socket;
    });
    const limit = new TimeLimit(this.timeoutMs, request.signal);
    try {
      const answer = await this.exchange(request, watch, limit.signal);
      return readAnswer(answer, await this.bodyOf(answer, request, limit));
    } catch (error) {
      throw this.failureOf(error, watch, limit);
    } finally {
      limit.clear();
    }
  }

  /** End every connection. */
  close(): void {
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
  }

  private exchange(
    { method, url, headers, body, lane, sieve }: TransportRequest,
    { transport }: ConnectionWatch,
    signal: AbortSignal,
  ): Promise<AxiosResponse<unknown>> {
    return this.client.request({
      method,
      url,
      // NOTE: axios sends a User-Agent and a form's content type of its own unless told otherwise.
      headers: { 'User-Agent': 'sequelize-dual-write', ...headers },
      data: body,
      signal,
      transport,
      // NOTE: axios would limit a stream by a generator around it, which costs more than to count.
      ...(sieve === undefined ? {} : { responseType: 'stream', maxContentLength: -1 }),
      ...(lane === undefined ? {} : { httpAgent: lane.httpAgent, httpsAgent: lane.httpsAgent }),
    });
  }

  private async bodyOf(
    { status, data }: AxiosResponse<unknown>,
    { sieve }: TransportRequest,
    limit: TimeLimit,
  ): Promise<StreamedBody> {
    if (data instanceof Readable) {
      const isSuccess = status >= 200 && status < 300;
      const { largestBytes } = this;
      return await readStream(data, { sieve: isSuccess ? sieve : undefined, limit, largestBytes });
    }
    const body = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    return { body, bytes: body.length };
  }

  private failureOf(error: unknown, watch: ConnectionWatch, limit: TimeLimit): NetworkFailure {
    const sent = watch.mayBeSent && !isConnectFailure(error);
    if (limit.isOver) return new NetworkFailure({ kind: 'timeout', sent });
    if (limit.caller?.aborted === true) return new NetworkFailure({ kind: 'aborted', sent });
    const cause = plainCause(error);
    const isTooLarge =
      error instanceof TooLargeError || cause.message.startsWith('maxContentLength');
    if (!isTooLarge) return new NetworkFailure({ kind: 'network', sent, cause });
    return new NetworkFailure({ kind: 'tooLarge', sent, cause, limit: this.largestBytes });
  }
}

function readAnswer(
  { status, headers }: AxiosResponse<unknown>,
  { body, ...read }: StreamedBody,
): TransportAnswer {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') known[name.toLowerCase()] = value;
  }
  const isSuccess = status >= 200 && status < 300;
  const failure = isSuccess ? encodingProblem(body) : undefined;
  return {
    status,
    headers: known,
    setCookies: Array.isArray(headers['set-cookie']) ? headers['set-cookie'] : [],
    text: body.toString('utf8').replace(/^\uFEFF/, ''),
    ...(failure && { failure }),
    ...read,
  };
}
