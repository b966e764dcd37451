import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server got it. */
export interface Received {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Decides what becomes of a request. */
export type Script = (
  request: Received,
  response: http.ServerResponse,
  number: number,
) => void | Promise<void>;

/** A server on this machine that does to a request what a test wants. */
export interface ScriptedServer {
  /** The service root, without a slash at the end. */
  readonly root: string;
  readonly received: Received[];
  script: Script;
  close(): Promise<void>;
}

export async function startServer(
  script: Script = notExpected,
  wantedPort = 0,
): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const entry = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      received.push(entry);
      void started.script(entry, response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(wantedPort, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const started: ScriptedServer = {
    root: `http://127.0.0.1:${port}/service`,
    received,
    script,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
  return started;
}

function notExpected(_request: Received, response: http.ServerResponse): void {
  response.writeHead(500).end('no request was expected');
}

/** Answer with JSON. */
export function json(
  response: http.ServerResponse,
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: http.OutgoingHttpHeaders } = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A port of this machine on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await startServer();
  await server.close();
  return Number(new URL(server.root).port);
}
