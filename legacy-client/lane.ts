import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * NOTE: below every usual server's own limit (Node 5 s, Apache 5 s, IIS 120 s), so that a request
 * seldom meets a connection that the server is just closing.
 */
export const IDLE_CONNECTION_MS = 4_000;

/**
 * One kept-alive connection, for logins that belong to a connection. Its holder sends one request
 * at a time; when the connection is gone, the next request opens another one.
 */
export class Lane {
  readonly httpAgent: http.Agent;
  readonly httpsAgent: https.Agent;
  /** The connection that the latest request went by, even when it is gone. */
  latest: Duplex | undefined;

  constructor() {
    const options = { keepAlive: true, maxSockets: 1, timeout: IDLE_CONNECTION_MS };
    this.httpAgent = new http.Agent(options);
    this.httpsAgent = new https.Agent(options);
  }

  /** End the connection. */
  close(): void {
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
  }
}
