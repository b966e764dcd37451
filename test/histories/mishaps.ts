import { Socket } from 'node:net';
import { type Mishaps, noMishaps } from './orders';
import { setClock } from './set-clock';

let exchanges = 0;
let sinceCommit = 0;
let armed = noMishaps;

/** From now on count exchanges from 1, and let these mishaps happen. */
export function arm(mishaps: Mishaps): void {
  exchanges = 0;
  sinceCommit = 0;
  armed = mishaps;
}

/** Nothing happens any more. */
export function disarm(): void {
  armed = noMishaps;
}

function count(socket: Socket, sent?: unknown): void {
  // The pipes to the parent are sockets, too, and have no port.
  if (socket.remotePort === undefined) return;
  exchanges += 1;
  if (sinceCommit > 0 || isCommit(sent)) sinceCommit += 1;
  if (exchanges === armed.jumpAt) setClock(armed.jumpMs);
  if ((armed.killsAfterCommit ? sinceCommit : exchanges) === armed.killAt) {
    process.kill(process.pid, 'SIGKILL');
  }
}

function isCommit(sent: unknown): boolean {
  return Buffer.isBuffer(sent) && sent.includes('COMMIT');
}

/**
 * Count every exchange of this process with a server: directly before something is sent, directly
 * after, and directly after something has arrived and before anybody has seen it.
 */
export function countExchanges(): void {
  const prototype = Socket.prototype as unknown as Record<
    'write' | 'push',
    (this: Socket, ...values: unknown[]) => boolean
  >;
  const { write, push } = prototype;
  prototype.write = function (...values) {
    count(this, values[0]);
    const result = write.apply(this, values);
    count(this);
    return result;
  };
  prototype.push = function (...values) {
    count(this);
    return push.apply(this, values);
  };
}
