import { LegacyResponseError, type LegacyRecord, type LinkedPage } from '../../legacy-client';

/** Records that have come together. */
export interface ArrivedRecords {
  readonly records: readonly LegacyRecord[];
  /** When they were asked for, by the database's clock. */
  readonly askedAt: Date;
}

/** What has come of a part of a load, to be stored together: pages, and parts of large ones. */
export interface ArrivedBatch {
  readonly arrived: readonly ArrivedRecords[];
  /** The address that the part of the load stands at; null: the first page. */
  readonly from: string | null;
  /** The address that it stands at when this is stored: the same, until a page is complete. */
  readonly next: string | null;
  /** Nothing is left to be read. */
  readonly isLast: boolean;
  /** Complete pages, and the records of those, parts that came earlier included. */
  readonly pages: number;
  readonly records: number;
}

/** When each record was asked for; of one that came twice, the later time. */
export function askedAtOf(arrived: readonly ArrivedRecords[]): (key: string) => Date {
  const [first] = arrived;
  const isOne = arrived.every(({ askedAt }) => askedAt === first?.askedAt);
  if (first && isOne) return () => first.askedAt;
  const times = new Map(
    arrived.flatMap(({ records, askedAt }) => records.map(({ key }) => [key, askedAt] as const)),
  );
  return (key) => times.get(key) ?? new Date(0);
}

/** The service does not know the address that a part was to go on from. */
export class RefusedAddressError extends Error {}

/** Statuses of an address that was right once. */
const refused = [400, 404, 410];

interface Arrival extends ArrivedRecords {
  readonly next: LinkedPage['next'];
}

/** Where the pages come from. */
export interface PageOrigin {
  /** The address to begin at; null: the first page. */
  readonly from: string | null;
  readonly pages: AsyncIterator<LinkedPage, undefined>;
  /**
   * So many records are taken together at most, where so many have come; and so many may wait before
   * more is asked for.
   */
  readonly batchSize: number;
  /** The database's clock. */
  now(): Promise<Date>;
}

/**
 * Reads the pages of a part ahead of the one who stores them. What has come meanwhile is stored
 * together: while the service is the slower side, each page by itself, as soon as it is there; while
 * the database is, many small ones at once, or a large one in parts.
 */
export class Arrivals {
  readonly #waiting: Arrival[] = [];
  #waitingCount = 0;
  #isAtEnd = false;
  #isStopped = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;
  #makeRoom: () => void = () => undefined;

  #at: string | null;
  /** Of the page that is read, those that were taken already. */
  #partlyTaken = 0;

  constructor(private readonly origin: PageOrigin) {
    this.#at = origin.from;
    void this.#read();
  }

  /** Ask for nothing more; the page that is under way is read to its end. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Give up what is under way, too; nobody waits for it. */
  close(): void {
    this.stop();
    this.#waiting.length = 0;
    this.#waitingCount = 0;
    this.#makeRoom();
    this.origin.pages.return?.().catch(() => undefined);
  }

  /**
   * What has come since the last time, once there is something.
   *
   * @returns undefined when nothing comes any more.
   * @throws what the service had to say, when all that came before is taken.
   */
  async take(): Promise<ArrivedBatch | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#failure) throw this.#failure;
      if (this.#isAtEnd) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken: Arrival[] = [];
    let count = 0;
    do {
      const arrival = this.#waiting.shift();
      if (!arrival) break;
      taken.push(arrival);
      count += arrival.records.length;
    } while (count + (this.#waiting[0]?.records.length ?? 0) <= this.origin.batchSize);
    this.#waitingCount -= count;
    this.#makeRoom();
    return this.#batchOf(taken);
  }

  #batchOf(arrived: readonly Arrival[]): ArrivedBatch {
    const from = this.#at;
    let [pages, records, isLast] = [0, 0, false];
    for (const arrival of arrived) {
      this.#partlyTaken += arrival.records.length;
      if (arrival.next === undefined) continue;
      pages += 1;
      records += this.#partlyTaken;
      this.#partlyTaken = 0;
      this.#at = arrival.next;
      isLast = arrival.next === null;
    }
    return { arrived, from, next: this.#at, isLast, pages, records };
  }

  async #read(): Promise<void> {
    const { origin } = this;
    let isFirst = true;
    try {
      let askedAt = await origin.now();
      for (;;) {
        const { value } = await this.#next(isFirst);
        isFirst = false;
        const { records, next } = value ?? { records: [], next: null };
        this.#waiting.push({ records, next, askedAt });
        this.#waitingCount += records.length;
        this.#wake();
        if (next === null || (this.#isStopped && next !== undefined)) break;
        if (this.#waitingCount >= origin.batchSize) await this.#room();
        // The parts of a page were asked for together.
        if (next !== undefined) askedAt = await origin.now();
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
    this.#isAtEnd = true;
    this.#wake();
  }

  async #next(isFirst: boolean): Promise<IteratorResult<LinkedPage, undefined>> {
    try {
      return await this.origin.pages.next();
    } catch (error) {
      const isOutdated = error instanceof LegacyResponseError && refused.includes(error.status);
      if (!isFirst || this.origin.from === null || !isOutdated) throw error;
      throw new RefusedAddressError(error.message, { cause: error });
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#makeRoom = resolve;
    });
  }
}
