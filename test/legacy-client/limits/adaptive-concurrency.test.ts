import { AdaptiveConcurrency } from '../../../legacy-client/limits/adaptive-concurrency';

function answer(concurrency: AdaptiveConcurrency, times: number, wasFull = true): void {
  for (let time = 0; time < times; time += 1) concurrency.answered(20, { wasFull });
}

test('begins with eight, or with what it may at most', () => {
  expect(new AdaptiveConcurrency({ max: 40, slowMs: 100 }).limit).toBe(8);
  expect(new AdaptiveConcurrency({ max: 3, slowMs: 100 }).limit).toBe(3);
});

test('grows by one a round while there is demand, up to its bound', () => {
  const concurrency = new AdaptiveConcurrency({ max: 12, slowMs: 100 });
  answer(concurrency, 9);
  expect(concurrency.limit).toBe(9);
  answer(concurrency, 1000);
  expect(concurrency.limit).toBe(12);
});

test('learns nothing from answers that came while there was room', () => {
  const concurrency = new AdaptiveConcurrency({ max: 40, slowMs: 100 });
  answer(concurrency, 1000, false);
  expect(concurrency.limit).toBe(8);
});

test('is halved once by a wave of bad signs, again by the next wave, and never below one', () => {
  const concurrency = new AdaptiveConcurrency({ max: 8, slowMs: 100 });
  const now = performance.now();
  for (let sign = 0; sign < 8; sign += 1) concurrency.overloaded(now + sign);
  expect(concurrency.limit).toBe(4);
  for (let wave = 1; wave < 9; wave += 1) concurrency.overloaded(now + wave * 2000);
  expect(concurrency.limit).toBe(1);
});

test('takes a slow answer for a bad sign', () => {
  const concurrency = new AdaptiveConcurrency({ max: 8, slowMs: 100 });
  concurrency.answered(101, { wasFull: true });
  expect(concurrency.limit).toBe(4);
});
