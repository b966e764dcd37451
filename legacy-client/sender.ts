import type { AuthorizedHeaders, Session } from './auth/session';
import {
  LegacyAbortedError,
  LegacyBudgetError,
  LegacyCircuitOpenError,
  LegacyError,
  LegacyLoginError,
  LegacyThrottledError,
  LegacyTimeoutError,
  madeUncertain,
} from './errors';
import type { Answer, Exchanger, ExchangeSubject } from './exchanger';
import { loginError } from './judgement';
import { BrokenCircuitError, type Circuit } from './limits/circuit';
import { BudgetSpentError, type Limiter } from './limits/limiter';
import type { Priority } from './limits/priority';
import { cappedWait, retryDelay } from './limits/retry';
import { sleep } from './sleep';

/** One call, to be sent as often as it takes. */
export interface Sending extends ExchangeSubject {
  /** Nothing is harmed by applying the request twice. */
  readonly repeatable: boolean;
  /** Called before a repeat when the try that has just failed may have been applied. */
  readonly onUncertainRepeat?: (failed: LegacyError) => void;
  readonly priority?: Priority | undefined;
}

/** What a {@link Sender} works with. */
export interface SenderParts {
  readonly exchanger: Exchanger;
  readonly limiter: Pick<Limiter, 'run' | 'slowDown'>;
  readonly circuit: Circuit;
  readonly session: Session;
  readonly maxAttempts: number;
}

/** The exchanges that one call has cost so far. */
interface Tries {
  count: number;
}

/** Sends requests with login, repeats and limits. */
export class Sender {
  constructor(private readonly parts: SenderParts) {}

  /** @throws LegacyError */
  async send(sending: Sending): Promise<Answer> {
    const tries: Tries = { count: 0 };
    let isUncertain = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.sendInTurn(sending, tries);
      } catch (caught) {
        const error = this.asLegacyError(caught, sending);
        if (!(await this.waitForRepeat(error, sending, attempt))) {
          throw isUncertain ? madeUncertain(error) : error;
        }
        // NOTE: what the last try is told says nothing of an earlier one without an answer.
        isUncertain ||= sending.onUncertainRepeat !== undefined && error.outcome === 'unknown';
      }
    }
  }

  /**
   * NOTE: an answer that waits for the one who takes its parts gives its turn back: that one may need
   * turns itself before it goes on.
   */
  private async sendInTurn(sending: Sending, tries: Tries): Promise<Answer> {
    const { circuit, limiter } = this.parts;
    const task = (): Promise<Answer> => circuit.run(() => this.sendLoggedIn(sending, tries));
    const { streamed } = sending;
    if (streamed === undefined) return await limiter.run(task, sending);
    const { answer } = await limiter.run(async () => {
      const waits = streamed.begin();
      const underWay = task();
      await Promise.race([underWay, waits]);
      return { answer: underWay };
    }, sending);
    return await answer;
  }

  /** False when the call ends with this error. */
  private async waitForRepeat(
    error: LegacyError,
    { repeatable, signal, onUncertainRepeat }: Sending,
    attempt: number,
  ): Promise<boolean> {
    const { limiter, maxAttempts } = this.parts;
    if (error instanceof LegacyTimeoutError) limiter.slowDown();
    else if (error instanceof LegacyThrottledError && !(error instanceof LegacyBudgetError)) {
      limiter.slowDown(cappedWait(error.retryAfterMs));
    }
    const delayMs = retryDelay(error, { attempt, maxAttempts, repeatable }, Math.random());
    if (delayMs === undefined || !(await sleep(delayMs, signal))) return false;
    if (error.outcome === 'unknown') onUncertainRepeat?.(error);
    return true;
  }

  /** NOTE: a login page comes from before the service, so even a write may be repeated after it. */
  private async sendLoggedIn(sending: Sending, tries: Tries): Promise<Answer> {
    const login = await this.authorize(sending);
    try {
      return await this.exchange(sending, login, tries);
    } catch (error) {
      if (!(error instanceof LegacyLoginError)) throw error;
      if (!(await this.renew(login, error))) throw error;
      return await this.exchange(sending, await this.authorize(sending), tries);
    }
  }

  private exchange(sending: Sending, login: AuthorizedHeaders, tries: Tries): Promise<Answer> {
    tries.count += 1;
    return this.parts.exchanger.exchange(sending, login.headers, tries.count);
  }

  private async authorize(sending: Sending): Promise<AuthorizedHeaders> {
    try {
      return await this.parts.session.authorize(sending.request.headers, sending.url);
    } catch (error) {
      const { method, redactedUrl: url } = this.parts.exchanger.judged(sending, {});
      throw loginError(error, { method, url, outcome: 'refused' });
    }
  }

  private async renew({ login }: AuthorizedHeaders, rejection: LegacyLoginError): Promise<boolean> {
    try {
      return await this.parts.session.renew(login);
    } catch (error) {
      throw loginError(error, rejection);
    }
  }

  /** What ends a call before its turn comes: nothing was sent then. */
  private asLegacyError(error: unknown, sending: Sending): LegacyError {
    if (error instanceof LegacyError) return error;
    const { method, redactedUrl: url } = this.parts.exchanger.judged(sending, {});
    const details = { method, url, outcome: 'refused' } as const;
    if (error instanceof BudgetSpentError)
      return new LegacyBudgetError(error.retryAfterMs, details);
    if (error instanceof BrokenCircuitError) {
      const message =
        'The service has failed several times in a row, so it is not asked for a while';
      return new LegacyCircuitOpenError(message, details);
    }
    if (sending.signal?.aborted !== true) throw error;
    return new LegacyAbortedError('Given up by the caller', details);
  }
}
