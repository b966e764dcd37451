import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What becomes of something that a client sends. */
export type Fate =
  | 'forward'
  /** Neither it nor anything later arrives; the connection stays open. */
  | 'swallow'
  /** The connection is cut, and the server never sees it. */
  | 'cut'
  /** The server sees it, and the connection is cut while it is at work. */
  | 'cut during'
  /** The server answers, and the connection is cut instead of passing the answer on. */
  | 'cut after';

/** A proxy that looks at what clients send. */
export interface TcpProxy {
  readonly port: number;
  /** Decide what becomes of each piece that a client sends, in latin1. */
  judge(decide: (text: string) => Fate): void;
  close(): Promise<void>;
}

/** Start a proxy before a server on 127.0.0.1; it forwards everything until it is told otherwise. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let decide: (text: string) => Fate = () => 'forward';
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    join(client, upstream, (text) => decide(text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    judge: (next) => {
      decide = next;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function join(client: Socket, upstream: Socket, decide: (text: string) => Fate): void {
  let isSwallowing = false;
  let isAnswerLost = false;
  client.on('data', (data) => {
    if (isSwallowing) return;
    const fate = decide(data.toString('latin1'));
    isSwallowing = fate === 'swallow';
    if (fate !== 'swallow' && fate !== 'cut') upstream.write(data);
    if (fate === 'cut') upstream.destroy();
    if (fate === 'cut' || fate === 'cut during') client.destroy();
    isAnswerLost = fate === 'cut after';
  });
  upstream.on('data', (data) => {
    if (isAnswerLost) client.destroy();
    else client.write(data);
  });
  client.on('end', () => upstream.end());
  upstream.on('end', () => client.end());
  // What the server has been sent already, it still gets.
  client.on('close', () => upstream.end());
}
