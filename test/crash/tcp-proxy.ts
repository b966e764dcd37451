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
  /** Decide what becomes of each piece that a client sends, in latin1; it waits for that. */
  judge(decide: Judge): void;
  /** Cut every connection, and refuse new ones for so long. */
  refuse(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Says what becomes of something that a client sends. */
export type Judge = (text: string) => Fate | Promise<Fate>;

/** Start a proxy before a server on 127.0.0.1; it forwards everything until it is told otherwise. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let decide: Judge = () => 'forward';
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
  const { port } = server.address() as { port: number };
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server.close();
    await once(server, 'close');
  };
  return {
    port,
    judge: (next) => {
      decide = next;
    },
    refuse: async (ms) => {
      await stop();
      await new Promise((resolve) => setTimeout(resolve, ms));
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    close: stop,
  };
}

function join(client: Socket, upstream: Socket, decide: Judge): void {
  let isSwallowing = false;
  let isAnswerLost = false;
  const take = (data: Buffer, fate: Fate): void => {
    isSwallowing = fate === 'swallow';
    if (fate !== 'swallow' && fate !== 'cut') upstream.write(data);
    if (fate === 'cut') upstream.destroy();
    if (fate === 'cut' || fate === 'cut during') client.destroy();
    isAnswerLost = fate === 'cut after';
  };
  client.on('data', (data) => {
    if (isSwallowing) return;
    const fate = decide(data.toString('latin1'));
    if (typeof fate === 'string') {
      take(data, fate);
      return;
    }
    client.pause();
    void fate.then((known) => {
      take(data, known);
      client.resume();
    });
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
