import { Socket } from 'node:net';

let exchanges = 0;

/** How often the process has sent to, or received from, a server since {@link killAtExchange}. */
export function exchangesSoFar(): number {
  return exchanges;
}

/**
 * Kill this process with SIGKILL at its n-th exchange with any server: directly before something is
 * sent, directly after, or directly after something has arrived and before anybody has seen it.
 * Between two of these points nobody outside can tell where the process died.
 *
 * @param killAt - 1 for the first; 0 for never.
 */
export function killAtExchange(killAt: number): void {
  const count = (socket: Socket): void => {
    // The pipes to the parent are sockets, too, and have no port.
    if (socket.remotePort === undefined) return;
    exchanges += 1;
    if (exchanges === killAt) process.kill(process.pid, 'SIGKILL');
  };
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
