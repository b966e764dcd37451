import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Sequelize } from 'sequelize';
import { openJobQueue, type JobKind, type JobQueue } from '../../src/jobs';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

interface Counted {
  readonly at: number;
}

describe('a queue of jobs', () => {
  let database: TestDatabase;
  let sequelize: Sequelize;
  const open: JobQueue[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    sequelize = openSequelize(database);
  });
  afterEach(async () => {
    for (const queue of open.splice(0)) await queue.close();
  });
  afterAll(async () => {
    await sequelize.close();
    await database.drop();
  });

  const openOne = async (): Promise<JobQueue> => {
    const queue = await openJobQueue(sequelize);
    open.push(queue);
    return queue;
  };
  const kindOf = (name: string, run: (data: Counted) => Promise<void>): JobKind<Counted> => ({
    ...{ name, expireInSeconds: 60, retryLimit: 2 },
    run,
  });
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('carries jobs out, several at a time, in whatever process', async () => {
    const [one, other] = [await openOne(), await openOne()];
    const done: number[] = [];
    let together = 0;
    let most = 0;
    const kind = kindOf('together', async ({ at }) => {
      together += 1;
      most = Math.max(most, together);
      await new Promise((resolve) => setTimeout(resolve, 300));
      together -= 1;
      done.push(at);
    });
    await one.prepare(kind);
    await other.prepare(kind);
    for (const at of [1, 2, 3, 4]) await one.send(kind, { at }, String(at));
    await one.work(kind, 1);
    await other.work(kind, 2);
    await until(() => done.length === 4);
    expect(done.sort()).toEqual([1, 2, 3, 4]);
    expect(most).toBeGreaterThan(1);
  });

  it('lets one job of a key wait', async () => {
    const queue = await openOne();
    const done: number[] = [];
    const kind = kindOf('keyed', ({ at }) => Promise.resolve(void done.push(at)));
    await queue.prepare(kind);
    for (const at of [1, 2, 3]) await queue.send(kind, { at }, 'same');
    await queue.send(kind, { at: 4 }, 'other');
    await queue.work(kind, 1);
    await until(() => done.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(done.sort()).toEqual([1, 4]);
  });

  it('tries a job again that fails', async () => {
    const queue = await openOne();
    let tries = 0;
    const kind = kindOf('failing', () => {
      tries += 1;
      return tries < 2 ? Promise.reject(new Error('Not yet')) : Promise.resolve();
    });
    await queue.prepare(kind);
    await queue.send(kind, { at: 1 }, '1');
    await queue.work(kind, 1);
    await until(() => tries === 2);
    expect(tries).toBe(2);
  });

  it('tells jobs under way to end when it is closed, and waits for them', async () => {
    const queue = await openJobQueue(sequelize);
    const events: string[] = [];
    const kind: JobKind<Counted> = {
      ...{ name: 'closing', expireInSeconds: 60, retryLimit: 0 },
      run: async (_, signal) => {
        events.push('begun');
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            setTimeout(resolve, 100);
          });
        });
        events.push('ended');
      },
    };
    await queue.prepare(kind);
    await queue.send(kind, { at: 1 }, '1');
    await queue.work(kind, 1);
    await until(() => events.length === 1);
    await queue.close();
    expect(events).toEqual(['begun', 'ended']);
  });

  it('loads pg-boss only when it is opened', () => {
    const script =
      "require('./src'); console.log(Object.keys(require.cache).some((file) => /pg-boss/.test(file)))";
    const said = execFileSync(process.execPath, ['--require', 'tsx/cjs', '--eval', script], {
      cwd: path.resolve(__dirname, '../..'),
      encoding: 'utf8',
    });
    expect(said.trim()).toBe('false');
  });
});
