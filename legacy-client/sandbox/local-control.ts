import type { LegacyValue } from '../entity';
import type { FailNext, FaultTarget, JournalEntry, SandboxControl, SandboxRecord } from './control';
import type { EntityModel } from './entity-model';
import type { Faults } from './faults';
import { parseGuid } from './guid';
import type { Journal } from './journal';
import type { Gate } from './login/gate';
import { createWithAddresses } from './store/account-addresses';
import type { Store } from './store/store';

type Values = Readonly<Record<string, LegacyValue>>;

/** The parts that the switches act on. */
export interface SandboxParts {
  readonly store: Store;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly gate?: Gate | undefined;
}

/** The switches and views of the sandbox in this process. */
export class LocalControl implements SandboxControl {
  constructor(private readonly parts: SandboxParts) {}

  async failNext(fault: FailNext = {}): Promise<void> {
    await this.addFault({ type: 'fail', answer: fault }, fault);
  }

  async delayNext(
    fault: FaultTarget & { delayMs: number; when?: 'before' | 'after' },
  ): Promise<void> {
    const { delayMs, when = 'before' } = fault;
    await this.addFault({ type: 'delay', delayMs, when }, fault);
  }

  async loseResponse(fault: FaultTarget = {}): Promise<void> {
    await this.addFault({ type: 'loseResponse' }, fault);
  }

  async truncate(fault: FaultTarget = {}): Promise<void> {
    await this.addFault({ type: 'truncate' }, fault);
  }

  async throttle(fault: FaultTarget & { retryAfterSeconds?: number } = {}): Promise<void> {
    const { retryAfterSeconds = 1 } = fault;
    await this.addFault({ type: 'throttle', retryAfterSeconds }, fault);
  }

  async expireLogin(options: { page?: boolean; times?: number } = {}): Promise<void> {
    const { page = false, times = 1 } = options;
    const { gate } = this.parts;
    if (gate?.expire === undefined) await this.addFault({ type: 'expireLogin', page }, { times });
    else gate.expire(page);
  }

  async editAsLegacyUser(
    logicalName: string,
    key: string,
    changes: Values,
  ): Promise<SandboxRecord> {
    const { store } = this.parts;
    return await answer(() => store.update(this.model(logicalName), guid(key), changes).values);
  }

  async createAsLegacyUser(logicalName: string, values: Values): Promise<SandboxRecord> {
    const { store } = this.parts;
    return await answer(() => createWithAddresses(store, this.model(logicalName), values).values);
  }

  async deleteAsLegacyUser(logicalName: string, key: string): Promise<void> {
    await answer(() => {
      this.parts.store.delete(this.model(logicalName), guid(key));
    });
  }

  async expireChangeTokens(): Promise<void> {
    await answer(() => {
      this.parts.store.expireChangeTokens();
    });
  }

  async shiftClock(offsetMs: number): Promise<void> {
    await answer(() => {
      this.parts.store.shiftClock(offsetMs);
    });
  }

  async records(logicalName: string): Promise<SandboxRecord[]> {
    return await answer(() => {
      const { list } = this.parts.store.table(this.model(logicalName));
      return list.sorted().map(({ values }) => values);
    });
  }

  async record(logicalName: string, key: string): Promise<SandboxRecord | undefined> {
    return await answer(() => this.parts.store.find(this.model(logicalName), guid(key))?.values);
  }

  async load(logicalName: string, records: readonly Values[]): Promise<void> {
    await answer(() => {
      this.parts.store.load(this.model(logicalName), records);
    });
  }

  async journal(): Promise<JournalEntry[]> {
    return await answer(() => this.parts.journal.list());
  }

  async clearJournal(): Promise<void> {
    await answer(() => {
      this.parts.journal.clear();
    });
  }

  async pendingFaults(): Promise<string[]> {
    return await answer(() => this.parts.faults.describe());
  }

  async reset(): Promise<void> {
    await answer(() => {
      this.parts.store.clear();
      this.parts.journal.clear();
      this.parts.faults.clear();
    });
  }

  private async addFault(...fault: Parameters<Faults['add']>): Promise<void> {
    await answer(() => {
      this.parts.faults.add(...fault);
    });
  }

  private model(logicalName: string): EntityModel {
    const model = this.parts.store.models.get(logicalName);
    if (model === undefined) throw new Error(`The sandbox has no entity ${logicalName}`);
    return model;
  }
}

/** Answer as from another process would be answered: later, and a throw as a rejection. */
async function answer<T>(action: () => T): Promise<T> {
  return await Promise.resolve().then(action);
}

function guid(text: string): string {
  const key = parseGuid(text);
  if (key === undefined) throw new Error(`A key must be a GUID, not ${text}`);
  return key;
}
