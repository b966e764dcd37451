import http from 'node:http';
import https from 'node:https';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { ConnectionWatch } from './connection-watch';
import { IDLE_CONNECTION_MS, type Lane } from './lane';
import { isConnectFailure, NetworkFailure, plainCause } from './network-failure';

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
}

/** One complete answer, whatever its status. */
export interface TransportAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The `Set-Cookie` headers. */
  readonly setCookies: readonly string[];
  /** Size of the body, decompressed. */
  readonly bytes: number;
}

/** No answer may be larger, compressed or not: 64 MiB. */
export const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** Sends one request over kept-alive connections: no repeats, no redirects, no judgement. */
export class Transport {
  private readonly httpAgent = new http.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  private readonly httpsAgent = new https.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  private readonly client: AxiosInstance;

  constructor(readonly timeoutMs: number) {
    this.client = axios.create({
      adapter: 'http',
      httpAgent: this.httpAgent,
      httpsAgent: this.httpsAgent,
      maxRedirects: 0,
      maxContentLength: LARGEST_ANSWER_BYTES,
      maxBodyLength: LARGEST_ANSWER_BYTES,
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
      return readAnswer(await this.exchange(request, watch, limit.signal));
    } catch (error) {
      throw failureOf(error, watch, limit);
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
    { method, url, headers, body, lane }: TransportRequest,
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
      ...(lane === undefined ? {} : { httpAgent: lane.httpAgent, httpsAgent: lane.httpsAgent }),
    });
  }
}

/** A signal that fires at the caller's wish or when the time is over. */
class TimeLimit {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly give = (): void => {
    this.controller.abort();
  };
  isOver = false;

  constructor(
    timeoutMs: number,
    readonly caller: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.give();
    }, timeoutMs);
    if (caller?.aborted === true) this.give();
    caller?.addEventListener('abort', this.give, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener('abort', this.give);
  }
}

function readAnswer({ status, headers, data }: AxiosResponse<unknown>): TransportAnswer {
  const body = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') known[name.toLowerCase()] = value;
  }
  return {
    status,
    headers: known,
    setCookies: Array.isArray(headers['set-cookie']) ? headers['set-cookie'] : [],
    text: body.toString('utf8').replace(/^\uFEFF/, ''),
    bytes: body.length,
  };
}

function failureOf(error: unknown, watch: ConnectionWatch, limit: TimeLimit): NetworkFailure {
  const sent = watch.mayBeSent && !isConnectFailure(error);
  if (limit.isOver) return new NetworkFailure({ kind: 'timeout', sent });
  if (limit.caller?.aborted === true) return new NetworkFailure({ kind: 'aborted', sent });
  const cause = plainCause(error);
  const isTooLarge = cause.message.startsWith('maxContentLength');
  return new NetworkFailure({ kind: isTooLarge ? 'tooLarge' : 'network', sent, cause });
}
