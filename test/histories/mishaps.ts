import { Socket } from 'node:net';
import type { Mishaps } from './orders';
import { setClock } from './set-clock';

const none: Mishaps = { killAt: 0, jumpAt: 0, jumpMs: 0 };

let exchanges = 0;
let armed = none;

/** From now on count exchanges from 1, and let these mishaps happen. */
export function arm(mishaps: Mishaps): void {
  exchanges = 0;
  armed = mishaps;
}

/** Nothing happens any more. */
export function disarm(): void {
  armed = none;
}

function count(socket: Socket): void {
  // The pipes to the parent are sockets, too, and have no port.
  if (socket.remotePort === undefined) return;
  exchanges += 1;
  if (exchanges === armed.jumpAt) setClock(armed.jumpMs);
  if (exchanges === armed.killAt) process.kill(process.pid, 'SIGKILL');
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
    count(this);
    const result = write.apply(this, values);
    count(this);
    return result;
  };
  prototype.push = function (...values) {
    count(this);
    return push.apply(this, values);
  };
}
