import type { Dialect, LegacyQuery } from '../../../legacy-client';

/** What a legacy request asks for, as far as it says which records come. */
export type AskedQuery = Pick<LegacyQuery, 'filter' | 'top' | 'orderBy'>;

/** A refresh that this process has carried out. */
export interface RefreshedQuery {
  readonly model: string;
  readonly query: AskedQuery;
  /** By the database's clock. */
  readonly askedAt: Date;
  /** Of the records that came and are stored as they were, in the order of the answer. */
  readonly keys: readonly string[];
}

interface Entry extends RefreshedQuery {
  /** Spelt out when it is first looked for: most never are. */
  name?: string;
}

const mostEntries = 500;
const mostKeys = 200_000;

/** The last refreshes of this process, the oldest forgotten first, in bounded memory. */
export class RefreshedQueries {
  #entries: Entry[] = [];
  #keys = 0;

  constructor(private readonly dialect: Pick<Dialect, 'filter'>) {}

  remember(refreshed: RefreshedQuery): void {
    if (refreshed.keys.length > mostKeys) return;
    this.#entries.push({ ...refreshed });
    this.#keys += refreshed.keys.length;
    while (this.#entries.length > mostEntries || this.#keys > mostKeys) {
      this.#keys -= this.#entries.shift()?.keys.length ?? 0;
    }
  }

  /**
   * Find the latest refresh that was asked for no earlier than this and holds what a query asks for:
   * the same query, or the whole model.
   */
  find(model: string, query: AskedQuery, since: Date): RefreshedQuery | undefined {
    const wanted = this.#nameOf(query);
    return this.#entries.findLast((entry) => {
      if (entry.model !== model || entry.askedAt < since) return false;
      entry.name ??= this.#nameOf(entry.query);
      return entry.name === whole || entry.name === wanted;
    });
  }

  #nameOf({ filter, top, orderBy }: AskedQuery): string {
    return JSON.stringify([filter ? this.dialect.filter(filter) : null, top, orderBy]);
  }
}

const whole = JSON.stringify([null, undefined, undefined]);
