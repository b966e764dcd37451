import { setTimeout as pause } from 'node:timers/promises';
import { QueryTypes } from 'sequelize';
import { type Random, randomFrom } from '../crash/random';
import { clearFaults } from '../histories/faults';
import {
  endQuarantine,
  openNotes,
  sideProblems,
  versionProblems,
  watchTables,
} from '../histories/oracle';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { lostUpdates, staleReads } from './check-history';
import { setAnyFault } from './faults';
import { type Event, now, type OpenTime, recordOf, type SoakHistory, type Value } from './history';
import type { Orders } from './orders';
import { SoakProcess } from './soak-process';

/** How long a soak is, and of what. */
export interface SoakPlan {
  readonly face: Face;
  readonly seconds: number;
  readonly processes: number;
  readonly seed: number;
}

/** What a soak has seen. */
export interface SoakReport {
  readonly operations: number;
  readonly done: number;
  readonly failed: number;
  /** Without a known outcome: killed, or in doubt. */
  readonly unknown: number;
  readonly reads: number;
  readonly kills: number;
  readonly faults: number;
  /** Records that an operator had to settle: somebody had built on what was in doubt. */
  readonly repairs: number;
  /** What is wrong; empty when nothing is. */
  readonly violations: readonly string[];
}

const records = ['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8'];
const shared = ['R7', 'R8'];
const timeoutMs = 2000;
/** More than any request can be late here. */
const settleAfterMs = 10_000;
/** What was sent last arrives in this time, once nobody sends any more. */
const calmMs = 1000;
const lookEveryMs = 50;
const mostRounds = 10;
/** Of one process, before it is killed. */
const mostOperations = 40;

/** One soak under way. */
class Soak {
  readonly #events: Event[] = [];
  readonly #openTimes: OpenTime[] = [];
  readonly #random: Random;
  #names = 0;
  #kills = 0;
  #faults = 0;
  #repairs = 0;
  #isOver = false;
  #hasBegun = false;

  constructor(
    private readonly world: DualWorld,
    private readonly plan: SoakPlan,
  ) {
    this.#random = randomFrom(plan.seed);
  }

  async run(): Promise<SoakReport> {
    const { plan, world } = this;
    await watchTables(world);
    for (const Name of records) {
      await world.sandbox.createAsLegacyUser('account', { Name, NumberOfEmployees: 0 });
    }
    await world.models.Organisation.findAll();
    const user = new SoakProcess('crm-user', this.#orders('user'), this.#events);
    const lanes = Array.from({ length: plan.processes }, () => this.#keepAlive());
    const beside = [this.#keepFailing(), this.#keepLooking(), this.#keepRepairing()];
    // A loaded machine starts them slowly.
    while (!this.#hasBegun) await Promise.race([...lanes, pause(lookEveryMs)]);
    await Promise.race([...lanes, pause(plan.seconds * 1000)]);
    this.#isOver = true;
    await Promise.all([...lanes, user.end()]);
    await Promise.all(beside);
    clearFaults(world.sandbox);
    await pause(calmMs);
    return this.#report(await this.#settled());
  }

  #goesOn(): boolean {
    return !this.#isOver;
  }

  #orders(kind: string): Orders {
    const { world, plan } = this;
    const { sandbox, database } = world;
    this.#names += 1;
    return {
      face: plan.face,
      databaseUrl: database.url,
      legacyUrl: plan.face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011,
      sandboxUrl: sandbox.url,
      name: `${kind}${this.#names}`,
      seed: this.#random(2 ** 31),
      ...{ timeoutMs, settleAfterMs, records, shared },
    };
  }

  /** An application, and another one whenever it has been killed. */
  async #keepAlive(): Promise<void> {
    while (this.#goesOn()) {
      const application = new SoakProcess('application', this.#orders('p'), this.#events);
      // By what it has done, not by time: a loaded machine starts processes slowly.
      const last = 5 + this.#random(mostOperations);
      while (this.#goesOn() && application.operations < last) {
        application.requireLife();
        this.#hasBegun ||= application.operations > 0;
        await pause(this.#random(lookEveryMs));
      }
      if (!this.#goesOn()) return application.end();
      await application.kill();
      this.#kills += 1;
    }
  }

  async #keepFailing(): Promise<void> {
    while (this.#goesOn()) {
      await setAnyFault(this.world.sandbox, this.plan.face, this.#random);
      this.#faults += 1;
      await pause(100 + this.#random(500));
    }
  }

  /** Note when writes on a record are open; between two looks they count as open, too. */
  async #keepLooking(): Promise<void> {
    let looked = now();
    while (this.#goesOn()) {
      const from = looked;
      looked = now();
      const names = await this.world.sequelize.query<{ name: string }>(
        `SELECT DISTINCT o.name FROM dual_write_intents i JOIN organisations o ON o.legacy_id = i.legacy_id
          WHERE NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`,
        { type: QueryTypes.SELECT },
      );
      const to = now();
      for (const { name } of names)
        this.#openTimes.push({ record: name, from, to: to + lookEveryMs * 2 });
      await pause(lookEveryMs);
    }
  }

  /** An operator, who settles by hand what recovery must not. */
  async #keepRepairing(): Promise<void> {
    while (this.#goesOn()) {
      await pause(1000);
      await this.#repair(settleAfterMs + 3000);
    }
  }

  async #repair(olderThanMs: number): Promise<void> {
    const { sequelize, dualWrite } = this.world;
    const stuck = await sequelize.query<{ key: string }>(
      `SELECT DISTINCT i.legacy_id::text AS key FROM dual_write_intents i
        WHERE i.doubt IS NOT NULL AND i.legacy_id IS NOT NULL
          AND noted_at < clock_timestamp() - make_interval(secs => $1)
          AND NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`,
      { bind: [olderThanMs / 1000], type: QueryTypes.SELECT },
    );
    for (const { key } of stuck) {
      // What somebody else is settling at this moment is looked at again.
      const isRepaired = await dualWrite.repair('Organisation', key, 'legacy').then(
        () => true,
        () => false,
      );
      if (isRepaired) this.#repairs += 1;
    }
  }

  /** What is wrong when everything has been settled. */
  async #settled(): Promise<string[]> {
    const { world } = this;
    for (let round = 0; round < mostRounds; round += 1) {
      await endQuarantine(world);
      await world.dualWrite.recover();
      if ((await openNotes(world)).open === 0) break;
      await this.#repair(0);
    }
    await world.models.Organisation.findAll();
    const { open, ended } = await openNotes(world);
    return [
      ...(open + ended > 0 ? [`${open} writes are still open, ${ended} not tidied up`] : []),
      ...(await sideProblems(world)),
      ...(await versionProblems(world)),
    ];
  }

  async #last(): Promise<{ last: Record<string, Value>; twice: string[] }> {
    const accounts = await this.world.sandbox.records('account');
    const names = accounts.map(({ Name }) => String(Name));
    const last: Record<string, Value> = {};
    for (const { operation } of this.#events) {
      if (operation.do === 'make') last[operation.name] = null;
    }
    for (const account of accounts) {
      const name = String(account.Name);
      if (!records.includes(name)) last[name] = 'there';
      else {
        last[`${name} telephone`] = account.Telephone1 as Value;
        last[`${name} website`] = account.WebSiteURL as Value;
        last[`${name} description`] = account.Description as Value;
        last[`${name} employees`] = account.NumberOfEmployees as Value;
      }
    }
    return { last, twice: names.filter((name, at) => names.indexOf(name) !== at) };
  }

  /** With what was done to the records that violations speak of. */
  #withStory(violations: readonly string[]): string[] {
    const told = this.#events.flatMap(({ operation, begunAt, end }) => {
      const text = JSON.stringify(operation);
      const isConcerned = violations.some((violation) => text.includes(recordOf(violation)));
      if (operation.do === 'read' || !isConcerned) return [];
      return [
        `  ${begunAt} to ${String(end?.at)}: ${text}, ${end?.error ?? end?.outcome ?? 'killed'}`,
      ];
    });
    return [...violations, ...told];
  }

  async #report(problems: readonly string[]): Promise<SoakReport> {
    const { last, twice } = await this.#last();
    const { face } = this.plan;
    const history: SoakHistory = { face, events: this.#events, openTimes: this.#openTimes };
    const outcomes = this.#events.map(({ end }) => end?.outcome ?? 'unknown');
    const count = (wanted: string): number => outcomes.filter((one) => one === wanted).length;
    return {
      operations: this.#events.length,
      ...{ done: count('done'), failed: count('failed'), unknown: count('unknown') },
      reads: this.#events.filter(({ operation }) => operation.do === 'read').length,
      ...{ kills: this.#kills, faults: this.#faults, repairs: this.#repairs },
      violations: this.#withStory([
        ...problems,
        ...twice.map((name) => `${name} is there twice`),
        ...staleReads(history),
        ...lostUpdates(history, last),
      ]),
    };
  }
}

/** Let several applications and a CRM user work at once, disturb them, and check what they saw. */
export async function soak(plan: SoakPlan): Promise<SoakReport> {
  const limits = { maxRemovalShare: 1, settleAfterMs };
  const world = await openDualWorld({ face: plan.face, limits, recoverEveryMs: 500 });
  try {
    return await new Soak(world, plan).run();
  } finally {
    await world.close();
  }
}
