import { Socket } from 'node:net';
import { type NamedPoint, PointWatch } from './named-point';

let exchanges = 0;

/** How often the process has sent to, or received from, a server since {@link strikeAtExchange}. */
export function exchangesSoFar(): number {
  return exchanges;
}

/** When something happens, by the number of the exchange: 1 for the first, 0 for never. */
export interface Strikes {
  /** The process is killed with SIGKILL. */
  readonly killAt: number;
  /** The connection concerned is cut, as by a network that fails. */
  readonly cutAt: number;
  /** The process is killed at this moment, too. */
  readonly point?: NamedPoint;
}

const killProcess = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

/**
 * Kill this process, or cut one of its connections, at its n-th exchange with any server: directly
 * before something is sent, directly after, or directly after something has arrived and before
 * anybody has seen it. Between two of these points nobody outside can tell where a process died.
 */
export function strikeAtExchange({ killAt, cutAt, point }: Strikes, isRecovery: boolean): void {
  const watch = point && new PointWatch(point, isRecovery, killProcess);
  const count = (socket: Socket): void => {
    // The pipes to the parent are sockets, too, and have no port.
    if (socket.remotePort === undefined) return;
    exchanges += 1;
    if (exchanges === killAt) killProcess();
    if (exchanges === cutAt) socket.destroy(new Error('The connection was cut.'));
  };
  const prototype = Socket.prototype as unknown as Record<
    'write' | 'push',
    (this: Socket, ...values: unknown[]) => boolean
  >;
  const { write, push } = prototype;
  prototype.write = function (...values) {
    if (this.remotePort !== undefined) watch?.beforeWrite(this, values[0]);
    count(this);
    const result = write.apply(this, values);
    count(this);
    return result;
  };
  prototype.push = function (...values) {
    watch?.beforePush(this);
    count(this);
    return push.apply(this, values);
  };
}
