import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { compare, type Cost } from '../compare';
import type { Stage } from '../stage';
import { type NamespaceKind, namespaceKinds } from './namespace-process';
import type { Scenario } from './scenario';

/**
 * What the namespace costs that carries transactions and skips: each kind in a process of its own,
 * because cls-hooked, once used, slows everything in its process.
 */
export const namespaces: Scenario = {
  name: 'namespaces',
  run: async (stage) => {
    await stage.connect('dynamics2011');
    await stage.fill(200);
    await stage.models.Organisation.findAll();
    const processes: MeasuredProcess[] = [];
    try {
      for (const kind of namespaceKinds) processes.push(await startProcess(stage, kind));
      const variants = processes.map(({ kind, measure }) => ({ name: kind, run: measure }));
      return [
        await compare({ title: 'synced findByPk, 50 times, dynamics2011', variants, rounds: 11 }),
      ];
    } finally {
      for (const { child } of processes) child.disconnect();
    }
  },
};

interface MeasuredProcess {
  readonly kind: NamespaceKind;
  readonly child: ChildProcess;
  readonly measure: () => Promise<Cost>;
}

async function startProcess(
  { databaseUrl, sandbox }: Stage,
  kind: NamespaceKind,
): Promise<MeasuredProcess> {
  const file = path.join(__dirname, 'namespace-process.ts');
  const child = fork(file, [kind, databaseUrl, sandbox.url2011], {
    execArgv: ['--require', require.resolve('tsx/cjs')],
  });
  const failure = once(child, 'exit').then(([code]): never => {
    throw new Error(`The measured process has ended with ${String(code)}.`);
  });
  // Its regular end, too; before that, whoever waits for an answer learns of it.
  failure.catch(() => undefined);
  const answer = async (): Promise<unknown> => {
    const [message] = (await Promise.race([once(child, 'message'), failure])) as [unknown];
    return message;
  };
  await answer();
  const measure = async (): Promise<Cost> => {
    child.send('run');
    return (await answer()) as Cost;
  };
  return { kind, child, measure };
}
