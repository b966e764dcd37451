import {
  LegacyAbortedError,
  LegacyConflictError,
  LegacyResponseError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyUnavailableError,
  type LegacyError,
  type LegacyOutcome,
} from '../../../legacy-client';
import { LONGEST_WAIT_MS, retryDelay } from '../../../legacy-client/limits/retry';
import { retryAfterMs } from '../../../legacy-client/limits/retry-after';

const details = (outcome: LegacyOutcome) => ({
  method: 'POST',
  url: 'http://crm.example',
  outcome,
});
const answer = (status: number) => ({ status, code: '', body: '' });
const refusedConnection = new LegacyUnavailableError('unreachable', details('refused'));
const brokenConnection = new LegacyUnavailableError('broke', details('unknown'));
const timeout = new LegacyTimeoutError(1000, details('unknown'));
const throttled = new LegacyThrottledError(2000, details('refused'));
const failed = new LegacyResponseError('failed', answer(500), details('unknown'));
const notBuilt = new LegacyResponseError('no', answer(501), details('unknown'));
const conflict = new LegacyConflictError('conflict', answer(412), details('refused'));
const aborted = new LegacyAbortedError('given up', details('unknown'));

test.each<[string, LegacyError, boolean, boolean]>([
  ['a refused connection', refusedConnection, true, true],
  ['a broken connection', brokenConnection, true, false],
  ['a time-out', timeout, true, false],
  ['throttling', throttled, true, true],
  ['500', failed, true, false],
  ['501', notBuilt, false, false],
  ['a conflict', conflict, false, false],
  ['giving up', aborted, false, false],
])('after %s a read is repeated or not, and a write only if it harms nothing', (...row) => {
  const [, error, read, write] = row;
  const circumstances = { attempt: 1, maxAttempts: 4 };
  const delayed = (repeatable: boolean): boolean =>
    retryDelay(error, { ...circumstances, repeatable }, 0.5) !== undefined;
  expect([delayed(true), delayed(false)]).toEqual([read, write]);
});

test('waits grow, between their half and their whole', () => {
  const delay = (attempt: number, random: number): number | undefined =>
    retryDelay(timeout, { attempt, maxAttempts: 99, repeatable: true }, random);
  expect([delay(1, 0), delay(1, 1), delay(2, 0), delay(2, 1), delay(3, 1)]).toEqual([
    100, 200, 200, 400, 800,
  ]);
  expect(delay(50, 1)).toBe(LONGEST_WAIT_MS);
});

test('throttling is waited for as asked, never less, up to a cap', () => {
  const circumstances = { attempt: 1, maxAttempts: 2, repeatable: false };
  expect(retryDelay(throttled, circumstances, 0)).toBe(2000);
  const long = new LegacyThrottledError(3_600_000, details('refused'));
  expect(retryDelay(long, circumstances, 0)).toBe(LONGEST_WAIT_MS);
});

test('the last attempt is the last', () => {
  const circumstances = { attempt: 4, maxAttempts: 4, repeatable: true };
  expect(retryDelay(throttled, circumstances, 0)).toBeUndefined();
});

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Sat, 21 Nov 2026 12:00:10 GMT', 10_000],
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After %s', (header, expected) => {
  expect(retryAfterMs(header, Date.parse('2026-11-21T12:00:00Z'))).toBe(expected);
});
