import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { databaseServer } from '../../src/example/embedded-postgres';
import { dropTestDatabases } from '../support/database';
import type { Face } from '../support/dual-world';
import { soak, type SoakReport } from './soak';

const faces: readonly Face[] = ['dynamics2011', 'dataverse'];

/** Each soak begins from an empty world, so that a violation has a history that can be read. */
const secondsOfOne = 60;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const counts = [
  ...(['operations', 'done', 'failed', 'unknown', 'reads'] as const),
  ...(['kills', 'faults', 'repairs'] as const),
];

function told(reports: readonly SoakReport[]): string {
  const sums = counts.map((name) => {
    const sum = reports.reduce((total, report) => total + report[name], 0);
    return `${sum} ${name}`;
  });
  const violations = reports.reduce((total, report) => total + report.violations.length, 0);
  return `${reports.length} soaks: ${sums.join(', ')}; ${violations} violations`;
}

/**
 * `npm run test:soak -- --minutes 10 --processes 3 --face dataverse --seed 1`. The seed chooses what
 * the processes do; how they meet is chance.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      processes: { type: 'string', default: '3' },
      face: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const chosen = faces.filter((face) => values.face === undefined || face === values.face);
  const server = await databaseServer();
  process.env.TEST_DATABASE_SERVER_URL = server.url;
  process.env.TEST_DATABASE_PREFIX = `dual_write_soak_${randomBytes(4).toString('hex')}`;
  const reports: SoakReport[] = [];
  const rounds = Math.ceil((Number(values.minutes) * 60) / secondsOfOne);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const face = chosen[round % chosen.length] ?? 'dataverse';
      const seed = Number(values.seed) + round;
      const processes = Number(values.processes);
      const report = await soak({ face, seconds: secondsOfOne, processes, seed });
      reports.push(report);
      if (report.violations.length > 0) say(`VIOLATION: --face ${face} --seed ${seed}`);
      for (const violation of report.violations) say(`  ${violation}`);
      say(`${face}: ${told(reports)}`);
    }
  } finally {
    await dropTestDatabases();
    await server.stop();
  }
  process.exitCode = reports.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

void main();
