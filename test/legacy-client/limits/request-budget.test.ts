import fc from 'fast-check';
import { RequestBudget } from '../../../legacy-client/limits/request-budget';

test('has room again when the first requests are a minute old', () => {
  let now = 0;
  const budget = new RequestBudget({ perMinute: 3 }, () => now);
  for (const time of [0, 10_000, 20_000]) {
    now = time;
    expect(budget.waitMs('interactive')).toBe(0);
    budget.spend();
  }
  expect(budget.waitMs('interactive')).toBe(40_000);
  now = 60_000;
  expect(budget.waitMs('interactive')).toBe(0);
});

test('keeps a share for interactive calls', () => {
  const budget = new RequestBudget({ perMinute: 10, reserve: 0.3 }, () => 0);
  for (let request = 0; request < 7; request += 1) budget.spend();
  expect(budget.waitMs('bulk')).toBeGreaterThan(0);
  expect(budget.waitMs('interactive')).toBe(0);
});

test('keeps to the day where the minute has room', () => {
  let now = 0;
  const budget = new RequestBudget({ perMinute: 100, perDay: 5 }, () => now);
  for (let request = 0; request < 5; request += 1) budget.spend();
  now = 3_600_000;
  expect(budget.waitMs('interactive')).toBe(23 * 3_600_000);
});

test('never lets more through in any minute than it may', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 }),
      (perMinute, pauses) => {
        let now = 0;
        const budget = new RequestBudget({ perMinute }, () => now);
        const sent: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const waitMs = budget.waitMs('interactive');
          if (waitMs > 0) {
            now += waitMs;
            expect(budget.waitMs('interactive')).toBe(0);
          }
          budget.spend();
          sent.push(now);
        }
        for (const [index, time] of sent.entries()) {
          const within = sent.slice(0, index + 1).filter((other) => other > time - 59_000);
          expect(within.length).toBeLessThanOrEqual(perMinute);
        }
      },
    ),
  );
});
