import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/** Knows of one request whether it can have left this machine. */
export class ConnectionWatch {
  private connecting = false;

  /** @param onSocket - told of the connection that the request goes by. */
  constructor(private readonly onSocket: (socket: Socket) => void) {}

  /** False only while the request's connection has never been made. */
  get mayBeSent(): boolean {
    return !this.connecting;
  }

  /** What axios takes as `transport`: Node's own client, observed. */
  readonly transport = {
    request: (
      options: https.RequestOptions,
      onResponse: (response: http.IncomingMessage) => void,
    ): http.ClientRequest => {
      this.connecting = true;
      const client = options.protocol === 'https:' ? https : http;
      const request = client.request(options, onResponse);
      request.once('socket', (socket) => {
        this.onSocket(socket);
        // NOTE: over TLS the request leaves only after the handshake.
        if (socket.connecting) {
          socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => this.connected());
        } else {
          this.connected();
        }
      });
      return request;
    },
  };

  private connected(): void {
    this.connecting = false;
  }
}
