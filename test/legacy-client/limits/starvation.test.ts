import { AdaptiveConcurrency } from '../../../legacy-client/limits/adaptive-concurrency';
import { BudgetSpentError, Limiter } from '../../../legacy-client/limits/limiter';
import { type BudgetOptions, RequestBudget } from '../../../legacy-client/limits/request-budget';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const taskMs = 100;
const task = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, taskMs);
  });

interface Load {
  readonly interactive: number;
  readonly bulk: number;
  readonly refused: number;
}

/** Keep so many interactive calls waiting, and a load, for some time. */
async function under(
  limiter: Limiter,
  { users, loads, ms }: { users: number; loads: number; ms: number },
): Promise<Load> {
  const done = { interactive: 0, bulk: 0, refused: 0 };
  let isOver = false;
  const again = async (priority: 'interactive' | 'bulk'): Promise<void> => {
    while (!isOver) {
      try {
        await limiter.run(task, { priority });
        done[priority] += 1;
      } catch (error) {
        if (!(error instanceof BudgetSpentError)) throw error;
        done.refused += 1;
        await task();
      }
    }
  };
  const all = [
    ...Array.from({ length: users }, () => again('interactive')),
    ...Array.from({ length: loads }, () => again('bulk')),
  ];
  await jest.advanceTimersByTimeAsync(ms);
  const result = { ...done };
  isOver = true;
  await jest.advanceTimersByTimeAsync(200_000);
  await Promise.all(all);
  return result;
}

function limiterOf(max: number, budget?: BudgetOptions): Limiter {
  return new Limiter({
    concurrency: new AdaptiveConcurrency({ max, start: max, slowMs: 10_000 }),
    budget: budget && new RequestBudget(budget),
  });
}

describe('a load beside interactive calls that never end', () => {
  it.each([1, 4, 20])('of %i at a time gets every tenth turn', async (max) => {
    const ms = 60_000;
    const { interactive, bulk } = await under(limiterOf(max), { users: 2 * max, loads: 5, ms });
    const turns = (max * ms) / taskMs;
    expect(interactive + bulk).toBeGreaterThan(turns * 0.95);
    expect(bulk / turns).toBeGreaterThan(0.09);
    expect(bulk / turns).toBeLessThan(0.11);
  });

  it('has all turns but those that stay free where nobody else waits', async () => {
    const { bulk } = await under(limiterOf(4), { users: 0, loads: 9, ms: 10_000 });
    expect(bulk).toBeGreaterThanOrEqual(3 * 99);
    expect(bulk).toBeLessThanOrEqual(3 * 100);
  });

  it('delays an interactive call by one turn at most', async () => {
    const limiter = limiterOf(1);
    const loads = Array.from({ length: 5 }, () => limiter.run(task, { priority: 'bulk' }));
    const waits: number[] = [];
    for (let call = 0; call < 30; call += 1) {
      const asked = performance.now();
      const answered = limiter.run(() => {
        waits.push(performance.now() - asked);
        return task();
      });
      await jest.advanceTimersByTimeAsync(2 * taskMs);
      await answered;
    }
    await Promise.all(loads);
    expect(Math.max(...waits)).toBeLessThanOrEqual(taskMs);
  });

  it('takes nothing of the reserve, however long it has waited', async () => {
    const limiter = limiterOf(4, { perMinute: 100, reserve: 0.5 });
    const { interactive, bulk } = await under(limiter, { users: 8, loads: 5, ms: 59_000 });
    expect(interactive + bulk).toBeLessThanOrEqual(100);
    expect(bulk).toBeGreaterThanOrEqual(4);
    expect(bulk).toBeLessThanOrEqual(10);
  });

  it('ends where the budget of the day has only the reserve left, and calls go on', async () => {
    const limiter = limiterOf(2, { perDay: 100, reserve: 0.2 });
    const before = await under(limiter, { users: 0, loads: 3, ms: 30_000 });
    expect(before.bulk).toBe(80);
    expect(before.refused).toBeGreaterThan(0);
    for (let call = 0; call < 20; call += 1) {
      const answered = limiter.run(task);
      await jest.advanceTimersByTimeAsync(taskMs);
      await answered;
    }
    await expect(limiter.run(task)).rejects.toThrow(BudgetSpentError);
  });
});
