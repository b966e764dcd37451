import { setTimeout as wait } from 'node:timers/promises';
import { AdaptiveConcurrency } from '../../../legacy-client/limits/adaptive-concurrency';
import { createCircuit } from '../../../legacy-client/limits/circuit';
import { Limiter } from '../../../legacy-client/limits/limiter';
import { LegacyUnavailableError } from '../../../legacy-client';

const hourMs = 3_600_000;
const { now } = Date;

afterEach(() => jest.restoreAllMocks());

function setClock(offsetMs: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => now() + offsetMs);
}

describe.each([
  ['back', -3 * hourMs],
  ['ahead', 3 * hourMs],
])('while the clock of the machine is set %s', (_way, offsetMs) => {
  test('a pause lasts as long as it should', async () => {
    const limiter = new Limiter({ concurrency: new AdaptiveConcurrency({ max: 2, slowMs: 9000 }) });
    const began = performance.now();
    limiter.slowDown(60);
    setClock(offsetMs);
    await limiter.run(() => wait(0));
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThanOrEqual(55);
    expect(tookMs).toBeLessThan(5000);
  });

  test('a circuit is open as long as it should', async () => {
    const circuit = createCircuit({ failures: 1, openMs: 60 });
    const down = new LegacyUnavailableError('down', {
      method: 'GET',
      url: 'http://127.0.0.1/',
      outcome: 'refused',
    });
    await expect(circuit.run(() => Promise.reject(down))).rejects.toBe(down);
    setClock(offsetMs);
    const task = jest.fn(() => Promise.resolve('there'));
    await expect(circuit.run(task)).rejects.toThrow();
    expect(task).not.toHaveBeenCalled();
    await wait(70);
    await expect(circuit.run(task)).resolves.toBe('there');
  });
});
