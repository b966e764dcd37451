import { setTimeout as wait } from 'node:timers/promises';
import { Limiter } from '../../legacy-client/limiter';

test('runs as many as it may, the others in their order', async () => {
  const limiter = new Limiter(2);
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
  const limiter = new Limiter(1);
  await expect(limiter.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  await expect(limiter.run(() => Promise.resolve('next'))).resolves.toBe('next');
});

test('leaves the queue when aborted, without being run', async () => {
  const limiter = new Limiter(1);
  const controller = new AbortController();
  const task = jest.fn(() => Promise.resolve());
  const busy = limiter.run(() => wait(20));
  const waiting = limiter.run(task, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await busy;
  await expect(limiter.run(task, AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
  expect(task).not.toHaveBeenCalled();
  await limiter.run(task);
  expect(task).toHaveBeenCalledTimes(1);
});

test('starts nothing while it pauses', async () => {
  const limiter = new Limiter(2);
  const began = performance.now();
  limiter.pause(60);
  limiter.pause(10);
  await Promise.all([limiter.run(() => wait(0)), limiter.run(() => wait(0))]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(55);
});
