import { QueryTypes } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { localTable } from '../local-table';
import { checkLimits, removeGone, settleAbsent } from '../refresh/absence';
import { applyAnswer } from '../refresh/apply';
import { linkDeferred } from '../refresh/parents';
import { refreshScope } from '../refresh/scope';
import type { Runtime } from '../runtime';

/** Where an {@link Intake} begins. */
export interface IntakeStart {
  /** When the feed was asked, by the database's clock. */
  readonly askedAt: Date;
  readonly pending: readonly string[];
  readonly kept: readonly string[];
}

/** Takes what a feed tells into the local table, and remembers what could not be taken in yet. */
export class Intake {
  /** Keys that are to be asked for again. */
  readonly pending = new Set<string>();
  /** Keys of rows that are here although their records are gone. */
  readonly kept: Set<string>;
  /** Keys that were pending before, and have not come yet. */
  readonly #waiting: Set<string>;

  constructor(
    private readonly runtime: Runtime,
    private readonly mapping: Mapping,
    private readonly from: IntakeStart,
  ) {
    this.kept = new Set(from.kept);
    this.#waiting = new Set(from.pending);
  }

  /** Bring rows to what records say. Those that are ahead or being written stay, and are pending. */
  async take(records: readonly LegacyRecord[]): Promise<void> {
    if (records.length === 0) return;
    const { runtime, mapping, from } = this;
    const { askedAt } = from;
    const scope = refreshScope(runtime);
    const { ahead } = await applyAnswer(scope, { mapping, records, askedAt });
    await linkDeferred(scope);
    const aheadKeys = new Set(ahead.map(({ legacyId }) => legacyId));
    for (const { key } of records) {
      this.kept.delete(key);
      this.#waiting.delete(key);
      if (scope.left.has(key) || aheadKeys.has(key)) this.pending.add(key);
      else this.pending.delete(key);
    }
  }

  /**
   * Remove the rows of records that the service itself says were deleted; its word is as certain as
   * a GET that finds nothing.
   *
   * @throws SyncError when more would go than the limits allow; then nothing is removed.
   */
  async remove(keys: ReadonlySet<string>): Promise<void> {
    if (keys.size === 0) return;
    const { runtime, mapping, from } = this;
    const here = await this.#rowsOf([...keys]);
    // NOTE: one that was stored since the feed was asked may have been created again under its key,
    // or come late from an older answer. So it is asked for, before the feed vouches for its row.
    const doubtful = here.filter(({ isNewer }) => isNewer).map(({ key }) => key);
    for (const key of doubtful) this.#waiting.add(key);
    const certain = [...keys].filter((key) => !doubtful.includes(key));
    await this.#checkLimits(here.length - doubtful.length);
    const scope = refreshScope(runtime);
    const { ahead } = await removeGone(scope, mapping, {
      keys: certain,
      askedAt: from.askedAt,
    });
    for (const key of certain) this.#waiting.delete(key);
    await this.#noteKept(certain, new Set(ahead.map(({ legacyId }) => legacyId)));
  }

  /** Try again what could not be done before. */
  async retry(): Promise<void> {
    const kept = [...this.kept];
    if (kept.length > 0) {
      const { runtime, mapping, from } = this;
      await removeGone(refreshScope(runtime), mapping, { keys: kept, askedAt: from.askedAt });
      this.kept.clear();
      await this.#noteKept(kept, new Set());
    }
    await this.settle([...this.#waiting], { found: 0 });
  }

  /** Ask for records by key: they are refreshed, or their rows removed when they are gone. */
  async settle(keys: readonly string[], { found }: { readonly found: number }): Promise<void> {
    if (keys.length === 0) return;
    const scope = refreshScope(this.runtime);
    const settled = await settleAbsent(scope, this.mapping, { keys, gone: [], found });
    await linkDeferred(scope);
    const ahead = new Set(settled.ahead.map(({ legacyId }) => legacyId));
    for (const key of settled.present) {
      if (scope.left.has(key) || ahead.has(key)) this.pending.add(key);
      else this.pending.delete(key);
    }
    const present = new Set(settled.present);
    await this.#noteKept(
      keys.filter((key) => !present.has(key)),
      ahead,
    );
  }

  /**
   * Settle the rows that a complete list of keys lacks.
   *
   * @throws SyncError when more would go than the limits allow; then nothing is removed.
   */
  async settleMissing(keys: ReadonlySet<string>): Promise<void> {
    const { runtime, mapping, from } = this;
    const { name, columns: t } = await localTable(runtime.pool, mapping);
    const rows = await runtime.pool.query<{ key: string; isNewer: boolean }>(
      `
SELECT t.${t.legacyId} AS key, coalesce(k.applied_at >= $3 AND NOT k.gone, false) AS "isNewer"
  FROM ${name} t
  LEFT JOIN dual_write_known k ON k.model = $1 AND k.legacy_id = t.${t.legacyId}
 WHERE t.${t.legacyId} IS NOT NULL AND t.${t.legacyId} <> ALL ($2::uuid[])
   ${t.deletedAt ? `AND t.${t.deletedAt} IS NULL` : ''}
   AND NOT coalesce(k.asked_at >= $3 AND NOT k.gone, false)`,
      {
        bind: [mapping.name, [...keys], from.askedAt],
        type: QueryTypes.SELECT,
        transaction: null,
      },
    );
    const missing = rows.filter(({ key }) => !this.kept.has(key));
    // NOTE: a row that was stored since the list was asked for may be a new record, or come late
    // from an answer older than the list. It is asked for, and not expected to be gone.
    const certain = missing.filter(({ isNewer }) => !isNewer).length;
    // Before anybody is asked: a lost right would be asked about record by record.
    checkLimits(refreshScope(runtime), mapping, { missing: certain, found: keys.size });
    await this.settle(
      missing.map(({ key }) => key),
      { found: keys.size },
    );
  }

  async #checkLimits(missing: number): Promise<void> {
    if (missing === 0) return;
    const { runtime, mapping } = this;
    const { name } = await localTable(runtime.pool, mapping);
    const [row] = await runtime.pool.query<{ rows: number }>(
      `SELECT count(*)::int AS rows FROM ${name}`,
      { type: QueryTypes.SELECT, transaction: null },
    );
    const found = Math.max(0, (row?.rows ?? 0) - missing);
    checkLimits(refreshScope(runtime), mapping, { missing, found });
  }

  async #noteKept(keys: readonly string[], ahead: ReadonlySet<string | null>): Promise<void> {
    if (keys.length === 0) return;
    const still = await this.#rowsOf(keys);
    for (const { key } of still) {
      // A row that is ahead is refused by the read that meets it, not hidden from it.
      if (ahead.has(key)) this.pending.add(key);
      else this.kept.add(key);
    }
  }

  async #rowsOf(keys: readonly string[]): Promise<{ key: string; isNewer: boolean }[]> {
    const { runtime, mapping, from } = this;
    const { name, columns: t } = await localTable(runtime.pool, mapping);
    return runtime.pool.query<{ key: string; isNewer: boolean }>(
      `
SELECT t.${t.legacyId} AS key, coalesce(k.applied_at >= $3 AND NOT k.gone, false) AS "isNewer"
  FROM ${name} t
  LEFT JOIN dual_write_known k ON k.model = $1 AND k.legacy_id = t.${t.legacyId}
 WHERE t.${t.legacyId} = ANY ($2::uuid[]) ${t.deletedAt ? `AND t.${t.deletedAt} IS NULL` : ''}`,
      { bind: [mapping.name, keys, from.askedAt], type: QueryTypes.SELECT, transaction: null },
    );
  }
}
