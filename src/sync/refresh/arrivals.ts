import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import type { Applied } from './apply';
import { fetchAwaited } from './apply';
import { applyTogether } from './apply-together';
import type { Page } from './exchange';
import { overwrite } from './overwrite';
import type { RefreshScope } from './scope';

/** Rows that are read meanwhile; what agrees with them need not be stored. */
export interface Meanwhile {
  /** Whether they are here. */
  readonly isReady: boolean;
  settled(): Promise<void>;
  /** The records that do not agree. */
  open(mapping: Mapping, records: readonly LegacyRecord[]): Promise<OpenRecords>;
}

/** Records that must be looked at by PostgreSQL. */
export interface OpenRecords {
  /** Their rows are here, and differ. */
  readonly differing: readonly LegacyRecord[];
  readonly others: readonly LegacyRecord[];
}

/**
 * Records that are stored at once. The number of statements grows with the chunks only; what comes
 * on one page is one chunk, however much that is.
 */
const chunkSize = 1000;

/** Rows that are here and differ take one statement a chunk, so their chunks may be smaller. */
const differingSize = 250;

/**
 * Stores the records of one answer while further pages of it are fetched: a chunk is being stored at
 * most, and one is being collected, so that the length of an answer does not matter.
 */
export class Arrivals {
  readonly #backlog: Page[] = [];
  #askedAt = new Date(0);
  #chunk: LegacyRecord[] = [];
  #differing: LegacyRecord[] = [];
  /** Those of them that were no ordinary case. */
  readonly #left: LegacyRecord[] = [];
  #storing: Promise<void> = Promise.resolve();
  #applied: Applied = { rejected: [], ahead: [] };

  constructor(
    private readonly scope: RefreshScope,
    private readonly mapping: Mapping,
    private readonly meanwhile: Meanwhile | undefined,
  ) {}

  /**
   * Take a page.
   *
   * NOTE: it never waits for the rows that are read meanwhile. They may wait for a connection of the
   * application, and whoever holds that one may wait for this very exchange.
   */
  async receive(page: Page): Promise<void> {
    this.#backlog.push(page);
    if (!this.meanwhile || this.meanwhile.isReady) await this.#takeBacklog();
  }

  /** Store what is left. */
  async end(): Promise<Applied> {
    await this.meanwhile?.settled();
    await this.#takeBacklog();
    await this.#overwrite();
    await this.#storing;
    await this.#collect(this.#left.splice(0));
    const awaited = this.scope.awaited.get(this.mapping);
    this.scope.awaited.delete(this.mapping);
    await this.#store();
    await this.#storing;
    if (awaited) {
      const { ahead } = await fetchAwaited(this.scope, this.mapping, awaited);
      this.#add({ rejected: [], ahead });
    }
    return this.#applied;
  }

  /** Wait for what is under way, after a failure. */
  async rest(): Promise<void> {
    await this.#storing.catch(() => undefined);
  }

  async #takeBacklog(): Promise<void> {
    for (let page = this.#backlog.shift(); page; page = this.#backlog.shift()) {
      const { records, askedAt } = page;
      this.#askedAt = askedAt;
      const open = await this.meanwhile?.open(this.mapping, records);
      for (const record of open?.differing ?? []) this.#differing.push(record);
      if (this.#differing.length >= differingSize) await this.#overwrite();
      await this.#collect(open?.others ?? records);
    }
  }

  async #collect(records: readonly LegacyRecord[]): Promise<void> {
    if (this.#chunk.length > 0 && this.#chunk.length + records.length > chunkSize) {
      // Records that these refer to may be on a later page.
      const { awaited } = this.scope;
      awaited.set(this.mapping, awaited.get(this.mapping) ?? new Set());
      await this.#store();
    }
    for (const record of records) this.#chunk.push(record);
  }

  /** Begin to bring rows up to date that differ; what is no ordinary case is left. */
  async #overwrite(): Promise<void> {
    await this.#storing;
    if (this.#differing.length === 0) return;
    const records = this.#differing;
    this.#differing = [];
    const { scope, mapping } = this;
    const differing = { mapping, records, askedAt: this.#askedAt };
    this.#begin(
      overwrite(scope.runtime, differing).then((stored) => {
        this.#left.push(...records.filter(({ key }) => !stored.has(key)));
      }),
    );
  }

  /** Begin to store a chunk, when the one before is stored. */
  async #store(): Promise<void> {
    await this.#storing;
    if (this.#chunk.length === 0) return;
    const records = this.#chunk;
    this.#chunk = [];
    const { mapping } = this;
    const answer = { mapping, records, askedAt: this.#askedAt };
    this.#begin(
      applyTogether(this.scope, answer).then((applied) => {
        this.#add(applied);
      }),
    );
  }

  #begin(storing: Promise<void>): void {
    this.#storing = storing;
    // It is met by whoever waits for it next.
    storing.catch(() => undefined);
  }

  #add({ rejected, ahead }: Applied): void {
    this.#applied = {
      rejected: [...this.#applied.rejected, ...rejected],
      ahead: [...this.#applied.ahead, ...ahead],
    };
  }
}
