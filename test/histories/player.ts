import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationProcess } from './application-process';
import { until } from '../crash/until';
import { answerOf, toldAnswer } from './answers';
import { type Call, namesOf, outcomes } from './calls';
import type { Command, FaultPlan, Fields, History } from './commands';
import { CrmUser } from './crm-user';
import { unexcused, unlessLate } from './excuses';
import { clearFaults, lateMs, setFault } from './faults';
import * as oracle from './oracle';
import { type Mishaps, mishapsOf, noMishaps, type Order, type Read, type Report } from './orders';
import { Planner } from './plan';
import { awaitItsEnd, clear, connectionOf, type Stage } from './stage';
import * as states from './state';
import type { ModelName, State } from './state';

/** Something that the library did wrong. */
class HistoryError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'HistoryError';
  }
}

const hourMs = 3_600_000;
/** More states than this are too many to follow: then all is settled. */
const mostStates = 64;
const mostRounds = 6;

/** One history under way. */
export class Player {
  #possible: State[] = [new Map()];
  readonly #doubtful = new Set<string>();
  #numbers = 0;
  #lateUntil = 0;
  readonly #crmUser: CrmUser;

  constructor(
    private readonly stage: Stage,
    private readonly history: History,
  ) {
    this.#crmUser = new CrmUser(stage);
  }

  async begin(): Promise<void> {
    const { organisations, contacts, isLoaded } = this.history;
    await clear(this.stage);
    for (let made = 0; made < organisations; made += 1) await this.#crmCreate('Organisation', made);
    for (let made = 0; made < contacts; made += 1) await this.#crmCreate('Contact', made);
    await this.#connect();
    if (isLoaded) {
      for (const model of states.modelNames) {
        await this.#read({ how: 'all', model, names: [] }, { mishaps: noMishaps });
      }
    }
  }

  async perform(command: Command): Promise<void> {
    const { tally, world } = this.stage;
    tally.commands += 1;
    switch (command.do) {
      case 'call':
        return this.#plannedCall(command);
      case 'read':
        return this.#plannedRead(command);
      case 'edit':
        return this.#edit(command);
      case 'crm create':
        return this.#crmCreate(command.model, command.link);
      case 'crm delete':
        return this.#crmDelete(command);
      case 'kill':
        await this.stage.application?.kill();
        return this.#bury();
      case 'recover':
        return this.#recover(command);
      case 'set clock':
        tally.clockJumps += 1;
        await this.#ask({ do: 'set clock', offsetMs: command.hours * hourMs });
        return undefined;
      case 'set crm clock':
        tally.clockJumps += 1;
        return world.sandbox.shiftClock(command.hours * hourMs);
      case 'settle':
        return this.settle();
    }
  }

  /** Settle all that is open, as time and recovery would, and compare everything. */
  async settle(): Promise<void> {
    const { world } = this.stage;
    await this.#awaitLateRequests();
    for (let round = 0; round < mostRounds; round += 1) {
      await oracle.endQuarantine(world);
      await world.dualWrite.recover();
      if (oracle.isTidy(await oracle.openNotes(world))) break;
    }
    // What the application itself ends is tidied up a moment later.
    await until('all notes are tidied up', async () =>
      oracle.isTidy(await oracle.openNotes(world)),
    ).catch(() => undefined);
    const notes = await oracle.openNotes(world);
    if (!oracle.isTidy(notes)) {
      throw new HistoryError([
        `still noted: ${JSON.stringify(notes)}`,
        ...(await this.#openIntents()),
      ]);
    }
    await this.#collapse();
    await world.models.Organisation.findAll();
    await world.models.Contact.findAll();
    complain([...(await oracle.sideProblems(world)), ...(await oracle.versionProblems(world))]);
  }

  async #openIntents(): Promise<string[]> {
    const [rows] = await this.stage.world.sequelize.query('SELECT * FROM dual_write_intents');
    return rows.map((row) => JSON.stringify(row));
  }

  async #connect(): Promise<ApplicationProcess> {
    const { stage, history } = this;
    if (stage.application?.isGone === true) stage.application = undefined;
    stage.application ??= new ApplicationProcess();
    const { recoverEveryMs } = history;
    const isDataverse = stage.face === 'dataverse';
    const isFollowing = history.isFollowing && isDataverse;
    const isWaiting = history.isWaiting && isDataverse;
    const connection = connectionOf(stage, { recoverEveryMs, isFollowing, isWaiting });
    const report = await stage.application.ask({ do: 'connect', connection });
    if (report?.type !== 'done') throw new Error(`Not connected: ${String(report?.message)}`);
    return stage.application;
  }

  /** Give an order to the application, to a new one if the last has died. */
  async #ask(order: Order): Promise<Report | undefined> {
    const { application } = this.stage;
    const running =
      application === undefined || application.isGone ? await this.#connect() : application;
    const report = await running.ask(order);
    if (report === undefined) await this.#bury();
    return report;
  }

  async #bury(): Promise<void> {
    const { stage } = this;
    if (stage.application !== undefined) stage.tally.kills += 1;
    stage.application = undefined;
    await awaitItsEnd(stage);
  }

  async #withFault<T>(fault: FaultPlan | undefined, task: () => Promise<T>): Promise<T> {
    if (fault !== undefined) await setFault(this.stage, fault);
    try {
      return await task();
    } finally {
      clearFaults(this.stage.world.sandbox);
      if (fault?.kind === 'late') this.#lateUntil = performance.now() + lateMs;
    }
  }

  async #plannedCall(command: Extract<Command, { do: 'call' }>): Promise<void> {
    const call = this.#planner().call(command.call);
    if (call === undefined) return;
    const { tally, world } = this.stage;
    tally.calls += 1;
    if (command.jumpAt > 0) tally.clockJumps += 1;
    const before = await oracle.openNotes(world);
    const order: Order = { do: 'call', call, ...mishapsOf(command) };
    const report = await this.#withFault(command.fault, () => this.#ask(order));
    const isExcused = command.fault !== undefined || before.open !== 0;
    if (report && !isExcused) complain(unexcused(call, report));
    const rules = { oneByOne: this.stage.face === 'dynamics2011' };
    const possible = this.#possible.flatMap((state) => outcomes(state, call, { report, rules }));
    this.#possible = distinct(possible);
    await this.#look(call);
  }

  /** What is certain by now: everything, when nothing is open. */
  async #look(call?: Call): Promise<void> {
    const { world, tally } = this.stage;
    const { open } = await oracle.openNotes(world);
    if (open === 0) return this.#collapse();
    if (call !== undefined) {
      tally.doubts += 1;
      for (const name of namesOf(call)) this.#doubtful.add(name);
    }
    if (this.#possible.length > mostStates) await this.settle();
  }

  /** The CRM shows which of the possible states it is. */
  async #collapse(): Promise<void> {
    const { state, twice } = await oracle.crmState(this.stage.world);
    complain(twice.map((name) => `${name} is there twice`));
    const actual = states.identityOf(state);
    const wanted = this.#possible.map(states.identityOf);
    if (!wanted.includes(actual)) {
      complain([`the CRM holds ${actual}`, ...wanted.map((one) => `and could hold ${one}`)]);
    }
    this.#possible = [state];
    this.#doubtful.clear();
  }

  async #plannedRead(command: Extract<Command, { do: 'read' }>): Promise<void> {
    const { how, model, refs, fault } = command;
    const names = [...this.#likely().keys()].filter((name) => states.modelOf(name) === model);
    const chosen = refs.flatMap((ref) => names[ref % Math.max(names.length, 1)] ?? []);
    if (command.jumpAt > 0) this.stage.tally.clockJumps += 1;
    const read: Read = { how, model, names: [...new Set(chosen)] };
    await this.#read(read, { fault, mishaps: mishapsOf(command) });
    await this.#look();
  }

  async #read(
    read: Read,
    { fault, mishaps }: { readonly fault?: FaultPlan | undefined; readonly mishaps: Mishaps },
  ): Promise<void> {
    const { world, tally } = this.stage;
    tally.reads += 1;
    const { open } = await oracle.openNotes(world);
    const before = await oracle.crmState(world);
    const report = await this.#withFault(fault, () => this.#ask({ do: 'read', read, ...mishaps }));
    if (report === undefined) return;
    if (report.type === 'failed') {
      if (fault === undefined) complain(unlessLate(report));
      return;
    }
    // Rows that somebody is settling meanwhile are shown as they were last committed.
    if (open !== 0 && this.history.recoverEveryMs > 0) return;
    const after = await oracle.crmState(world);
    const shown = toldAnswer(report);
    const wanted = [before, after].map(({ state }) => answerOf(read, state));
    if (!wanted.includes(shown)) complain([`a read showed ${shown}`, `not ${String(wanted[1])}`]);
  }

  #likely(): State {
    return this.#possible[0] ?? new Map<string, states.Cells>();
  }

  #planner(): Planner {
    const possible = this.#possible;
    return new Planner({ possible, doubtful: this.#doubtful, next: () => (this.#numbers += 1) });
  }

  async #crmCreate(model: ModelName, link: number | null): Promise<void> {
    const [name, cells] = this.#planner().fresh(this.#likely(), model, link);
    await this.#crmUser.create(name, cells);
    this.#possible = this.#possible.map((one) => new Map(one).set(name, cells));
  }

  async #edit({ model, ref, fields }: Extract<Command, { do: 'edit' }>): Promise<void> {
    const planner = this.#planner();
    const name = planner.pick(this.#likely(), model, ref);
    if (name === undefined) return;
    const cells = planner.cells(this.#likely(), name, withSomething(fields));
    await this.#crmUser.edit(name, cells);
    this.#possible = this.#possible.map((one) =>
      states.after(one, { do: 'set', how: 'save', names: [name], cells }),
    );
  }

  async #crmDelete({ model, ref }: Extract<Command, { do: 'crm delete' }>): Promise<void> {
    const name = this.#planner().pickLonely(this.#likely(), model, ref);
    if (name === undefined) return;
    await this.#crmUser.delete(name);
    this.#possible = this.#possible.map((one) => states.without(one, [name]));
  }

  async #recover(command: Extract<Command, { do: 'recover' }>): Promise<void> {
    const { world, tally } = this.stage;
    tally.recoveries += 1;
    const { fault, who } = command;
    await this.#withFault(fault, async () => {
      if (who === 'operator') return world.dualWrite.recover();
      const report = await this.#ask({ do: 'recover', ...mishapsOf(command) });
      if (report?.type === 'failed' && fault === undefined) complain(unlessLate(report));
      return undefined;
    });
    await this.#look();
  }

  async #awaitLateRequests(): Promise<void> {
    const restMs = this.#lateUntil - performance.now();
    if (restMs > 0) await pause(restMs);
  }
}

function complain(problems: readonly string[]): void {
  if (problems.length > 0) throw new HistoryError(problems);
}

function distinct(possible: readonly State[]): State[] {
  return [...new Map(possible.map((state) => [states.identityOf(state), state])).values()];
}

function withSomething(fields: Fields): Fields {
  return { ...fields, texts: [true, fields.texts[1]] };
}
