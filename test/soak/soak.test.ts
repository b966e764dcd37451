import type { Face } from '../support/dual-world';
import { soak } from './soak';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const seconds = Number(process.env.SOAK_SECONDS ?? 6);

/** `npm run test:soak` goes on for minutes. */
test.each(faces)(
  'several processes lose no update and read nothing stale, %s face',
  async (face) => {
    const report = await soak({ face, seconds, processes: 3, seed: 1 });
    expect(report.violations).toEqual([]);
    expect(report.done).toBeGreaterThan(0);
  },
  300_000,
);
