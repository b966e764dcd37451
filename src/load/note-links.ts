import type { Transaction } from 'sequelize';
import type { RefreshScope } from '../sync/refresh/scope';
import type { Runtime } from '../sync/runtime';

/** A lookup that is to be set when its target has come. */
export interface NotedLink {
  readonly model: string;
  readonly column: string;
  /** The legacy key of the row. */
  readonly key: string;
  /** That of the target. */
  readonly target: unknown;
  /** The row's stamp: one that was changed since has the right lookup already. */
  readonly stamp: Date | null;
}

/** Note the lookups that an ordinary refresh has left for later. */
export async function noteLinks(
  runtime: Runtime,
  load: string,
  { deferred, transaction }: Pick<RefreshScope, 'deferred'> & { readonly transaction: Transaction },
): Promise<void> {
  const links = deferred.flatMap(({ table, differences }) =>
    differences.flatMap(({ row, unresolved }) =>
      unresolved.map((column) => ({
        ...{ model: table.mapping.name, column, key: row.key, target: row.values[column] },
        stamp: row.modifiedOn,
      })),
    ),
  );
  await insertLinks(runtime, load, { links, transaction });
}

/** Note lookups; of one that is noted already, the target. */
export async function insertLinks(
  { pool }: Runtime,
  load: string,
  {
    links,
    transaction,
  }: { readonly links: readonly NotedLink[]; readonly transaction: Transaction },
): Promise<void> {
  if (links.length === 0) return;
  // A part of a batch that was tried again has left its lookups twice.
  const last = new Map(links.map((link) => [`${link.model} ${link.column} ${link.key}`, link]));
  await pool.query(
    `
INSERT INTO dual_write_load_links (load, model, column_name, legacy_id, target, stamp)
SELECT $1, l.model, l."column", l.key, l.target, l.stamp
  FROM jsonb_to_recordset($2::jsonb) AS l(
    model text, "column" text, key uuid, target uuid, stamp timestamptz)
ON CONFLICT (load, model, column_name, legacy_id) DO UPDATE
   SET target = excluded.target, stamp = excluded.stamp`,
    { bind: [load, JSON.stringify([...last.values()])], transaction },
  );
}
