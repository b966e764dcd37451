import { setTimeout as wait } from 'node:timers/promises';
import { AdaptiveConcurrency } from '../../../legacy-client/limits/adaptive-concurrency';
import { BudgetSpentError, Limiter } from '../../../legacy-client/limits/limiter';
import { type BudgetOptions, RequestBudget } from '../../../legacy-client/limits/request-budget';

function limiterOf(max: number, budget?: BudgetOptions, now?: () => number): Limiter {
  return new Limiter({
    concurrency: new AdaptiveConcurrency({ max, slowMs: 10_000 }),
    budget: budget && new RequestBudget(budget, now),
  });
}

test('runs as many as it may, the others in their order', async () => {
  const limiter = limiterOf(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const task = async (number: number): Promise<number> => {
    started.push(number);
    running += 1;
    most = Math.max(most, running);
    await wait(5);
    running -= 1;
    return number;
  };
  const results = [1, 2, 3, 4, 5].map((number) => limiter.run(() => task(number)));
  expect(await Promise.all(results)).toEqual([1, 2, 3, 4, 5]);
  expect(started).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test('a failure makes room for the next', async () => {
  const limiter = limiterOf(1);
  await expect(limiter.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  await expect(limiter.run(() => Promise.resolve('next'))).resolves.toBe('next');
});

test('leaves the queue when aborted, without being run', async () => {
  const limiter = limiterOf(1);
  const controller = new AbortController();
  const task = jest.fn(() => Promise.resolve());
  const busy = limiter.run(() => wait(20));
  const waiting = limiter.run(task, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await busy;
  await expect(limiter.run(task, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
    'no',
  );
  expect(task).not.toHaveBeenCalled();
  await limiter.run(task);
  expect(task).toHaveBeenCalledTimes(1);
});

test('starts nothing while it pauses', async () => {
  const limiter = limiterOf(2);
  const began = performance.now();
  limiter.slowDown(60);
  limiter.slowDown(10);
  await Promise.all([limiter.run(() => wait(0)), limiter.run(() => wait(0))]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(55);
});

describe('a bulk load', () => {
  const bulk = { priority: 'bulk' } as const;

  test('lets interactive calls go first', async () => {
    const limiter = limiterOf(1);
    const order: string[] = [];
    const note = (name: string) => (): Promise<void> => {
      order.push(name);
      return wait(1);
    };
    await Promise.all([
      limiter.run(note('first load'), bulk),
      limiter.run(note('second load'), bulk),
      limiter.run(note('user')),
    ]);
    expect(order).toEqual(['first load', 'user', 'second load']);
  });

  test('leaves turns free, so that a user does not wait for it to end', async () => {
    const limiter = limiterOf(4);
    let running = 0;
    const loads = Array.from({ length: 9 }, () =>
      limiter.run(async () => {
        running += 1;
        await wait(30);
      }, bulk),
    );
    await wait(0);
    expect(running).toBe(3);
    const began = performance.now();
    await limiter.run(() => Promise.resolve());
    expect(performance.now() - began).toBeLessThan(20);
    await Promise.all(loads);
  });

  test('runs alone in a limiter of one', async () => {
    await expect(limiterOf(1).run(() => Promise.resolve('ran'), bulk)).resolves.toBe('ran');
  });

  test('cannot use up what is reserved of a budget', async () => {
    const limiter = limiterOf(9, { perDay: 10, reserve: 0.5 });
    const nothing = (): Promise<void> => Promise.resolve();
    for (let load = 0; load < 5; load += 1) await limiter.run(nothing, bulk);
    await expect(limiter.run(nothing, bulk)).rejects.toThrow(BudgetSpentError);
    for (let user = 0; user < 5; user += 1) await limiter.run(nothing);
    await expect(limiter.run(nothing)).rejects.toThrow(BudgetSpentError);
  });
});

test('a budget of a minute makes calls wait, not fail', async () => {
  let now = 59_900;
  const limiter = limiterOf(9, { perMinute: 2 }, () => now);
  const nothing = (): Promise<void> => Promise.resolve();
  await limiter.run(nothing);
  await limiter.run(nothing);
  now = 118_980;
  const began = performance.now();
  const third = limiter.run(nothing);
  now = 119_001;
  await third;
  expect(performance.now() - began).toBeGreaterThanOrEqual(15);
});

test('a shorter wait is not held up by a longer one', async () => {
  const limiter = limiterOf(9, { perMinute: 10, reserve: 0.9 });
  await limiter.run(() => Promise.resolve());
  const load = new AbortController();
  const refused = limiter.run(() => Promise.resolve(), { priority: 'bulk', signal: load.signal });
  limiter.slowDown(20);
  const began = performance.now();
  await limiter.run(() => Promise.resolve());
  expect(performance.now() - began).toBeLessThan(500);
  load.abort(new Error('enough'));
  await expect(refused).rejects.toThrow('enough');
});
