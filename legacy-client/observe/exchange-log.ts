import type { Exchange } from '../exchange';
import { type Logger, withSecretsRemoved } from './logger';

/** Absent and met by nobody's fault: a read asks for records that may be gone. */
const ORDINARY = new Set([404, 410, 412]);

/**
 * Write a line for each exchange of a client: pass what this gives as `onExchange`. What was
 * answered is told as `debug`, a failure as `warn`.
 */
export function exchangeLog(logger: Logger): (exchange: Exchange) => void {
  const log = withSecretsRemoved(logger);
  return (exchange) => {
    const isFailure = exchange.outcome !== undefined && !ORDINARY.has(exchange.status ?? 0);
    const { durationMs, ...rest } = exchange;
    const details = { ...rest, durationMs: Math.round(durationMs) };
    if (isFailure) log.warn(details, 'A request to the legacy system failed');
    else log.debug(details, 'A request to the legacy system');
  };
}
