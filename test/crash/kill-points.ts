import { QueryTypes } from 'sequelize';
import type { DualWorld, Face } from '../support/dual-world';
import { applicationName, type Report, type Work } from './orders';
import { startApplication, type Chosen } from './start-application';
import { startTcpProxy } from './tcp-proxy';
import { until } from './until';

/** Moments of a write at which its process is killed. */
export const killPoints = [
  'noted, and never sent',
  'sent, and not arrived yet',
  'carried out, and not answered yet',
  'answered, and COMMIT not sent yet',
  'committed, and the intents not tidied up yet',
] as const;
export type KillPoint = (typeof killPoints)[number];

/** A write, and where to look for it. */
export interface Attempt {
  readonly world: DualWorld;
  readonly face: Face;
  readonly work: Work;
  /** The method of the request at which the process is killed, as the sandbox's journal has it. */
  readonly method: string;
  /** What the process is told beside its work. */
  readonly chosen?: Chosen;
}

/** How long a request that outlives its sender takes to arrive, in milliseconds. */
const lateMs = 700;
/** Until the process is killed; nothing waits for its end. */
const longMs = 12_000;

/** Kill a process at this moment of its only call. @returns what it had said of its end until then. */
export async function killAtPoint(point: KillPoint, attempt: Attempt): Promise<readonly Report[]> {
  await attempt.world.sandbox.clearJournal();
  const reports = await killAt(point, attempt);
  return reports.filter(({ type }) => type !== 'begun');
}

async function killAt(point: KillPoint, attempt: Attempt): Promise<readonly Report[]> {
  const { world, method } = attempt;
  switch (point) {
    case 'noted, and never sent':
      return killUnsent(attempt);
    case 'sent, and not arrived yet':
      await world.sandbox.delayNext({ method, delayMs: lateMs, when: 'before' });
      return killWhen(attempt, () => isReceived(attempt));
    case 'carried out, and not answered yet':
      await world.sandbox.delayNext({ method, delayMs: longMs, when: 'after' });
      return killWhen(attempt, () => isApplied(attempt));
    case 'answered, and COMMIT not sent yet':
      return killUncommitted(attempt);
    case 'committed, and the intents not tidied up yet':
      return killUntidied(attempt);
  }
}

/** Wait until the request that was late has been carried out. */
export async function untilArrived({ world, method }: Attempt): Promise<void> {
  await until('the late request has arrived', async () =>
    (await world.journal()).every((entry) => entry.method !== method || entry.applied),
  );
}

async function killWhen(
  { world, face, work, chosen }: Attempt,
  isTime: () => Promise<boolean>,
): Promise<readonly Report[]> {
  const application = startApplication(world, face, { ...chosen, lanes: [[work]] });
  await until('the process has come so far', isTime).finally(application.kill);
  await application.ended();
  return application.reports;
}

async function isReceived({ world, method }: Attempt): Promise<boolean> {
  return (await world.journal()).some((entry) => entry.method === method);
}

async function isApplied({ world, method }: Attempt): Promise<boolean> {
  return (await world.journal()).some((entry) => entry.method === method && entry.applied);
}

/** What tells a request whose method is not the first word of it. */
const signs: Readonly<Partial<Record<string, string>>> = {
  MERGE: 'X-HTTP-Method: MERGE',
  SETSTATE: '^POST \\S*/Organization.svc/web',
  BATCH: '^POST \\S*/\\$batch',
};

/** The request goes to a server that takes it and does nothing. */
async function killUnsent({
  world,
  face,
  work,
  method,
  chosen,
}: Attempt): Promise<readonly Report[]> {
  const { sandbox } = world;
  const legacyUrl = new URL(face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011);
  const proxy = await startTcpProxy(Number(legacyUrl.port));
  legacyUrl.port = String(proxy.port);
  let isSwallowed = false;
  const starts = new RegExp(signs[method] ?? `^${method} `, 'i');
  proxy.judge((text) => {
    isSwallowed ||= starts.test(text);
    return isSwallowed ? 'swallow' : 'forward';
  });
  const application = startApplication(world, face, {
    ...chosen,
    lanes: [[work]],
    legacyUrl: legacyUrl.href,
  });
  await until('the request was swallowed', () => isSwallowed).finally(application.kill);
  await application.ended();
  await proxy.close();
  return application.reports;
}

/** What the writer needs next is locked: its version, or, after deletes, what it knows of them. */
async function killUncommitted(attempt: Attempt): Promise<readonly Report[]> {
  const lock = attempt.work.some(({ kind }) => kind === 'destroy')
    ? 'SELECT FROM dual_write_known FOR UPDATE SKIP LOCKED'
    : 'LOCK TABLE record_versions IN SHARE MODE';
  return killBehindLock(attempt, lock);
}

/** Intents are removed a moment after COMMIT, and when the application closes at the latest. */
async function killUntidied({ world, face, work, chosen }: Attempt): Promise<readonly Report[]> {
  const application = startApplication(world, face, {
    ...chosen,
    lanes: [[work]],
    point: { name: 'before the intents end', nth: 1 },
  });
  if (!(await application.ended())) throw new Error('The process has removed no intents.');
  return application.reports;
}

/** The lock is taken once the request has been carried out, and before its answer arrives. */
async function killBehindLock(attempt: Attempt, lock: string): Promise<readonly Report[]> {
  const { world, face, work, method, chosen } = attempt;
  await world.sandbox.delayNext({ method, delayMs: 300, when: 'after' });
  const application = startApplication(world, face, { ...chosen, lanes: [[work]] });
  try {
    await until('the request is carried out', () => isApplied(attempt));
    const release = await holdLock(world, lock);
    try {
      await until('the writer waits', () => isWaiting(world));
      await application.kill();
    } finally {
      await release();
    }
  } finally {
    await application.kill();
  }
  await application.ended();
  return application.reports;
}

async function holdLock({ sequelize }: DualWorld, statement: string): Promise<() => Promise<void>> {
  const holder = await sequelize.transaction();
  await sequelize.query(statement, { transaction: holder });
  return () => holder.rollback();
}

async function isWaiting({ sequelize }: DualWorld): Promise<boolean> {
  const rows = await sequelize.query(
    `SELECT FROM pg_stat_activity
      WHERE application_name = $1 AND datname = current_database() AND wait_event_type = 'Lock'`,
    { bind: [applicationName], type: QueryTypes.SELECT },
  );
  return rows.length > 0;
}
