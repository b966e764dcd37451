import type { MappedAttribute } from '../../mapping';
import { idText, legacyKeys } from '../query/bound-of-options';
import { recordIfThere } from '../refresh/fetch';
import { findLinks, linkName } from './links';
import { statesToLeave, type Removal } from './states';
import type { CreateStep } from './steps';
import type { StoredRow } from './stored-row';
import type { SyncedWrite } from './synced-write';

/** A row that is about to be destroyed. */
export interface RemovedRow {
  /** The legacy key. */
  readonly key: string;
  /** By attribute, as the table holds them; undefined for a row that is not there. */
  readonly values: StoredRow | undefined;
}

/**
 * What must be known to take the legacy records of rows away: of links the keys at both ends, of records
 * that are made inactive their states, of others nothing. Where a record that is linked is not here any
 * more, the service is asked.
 *
 * @returns undefined for what is gone already.
 */
export async function removalValues(
  write: SyncedWrite,
  rows: readonly RemovedRow[],
): Promise<(Removal | undefined)[]> {
  const { runtime, mapping } = write;
  const { link, deactivation } = mapping;
  if (deactivation) {
    return statesToLeave(
      write,
      deactivation,
      rows.map(({ key }) => key),
    );
  }
  if (!link) return rows.map(() => ({ sent: {} }));
  const froms = await keysAt(write, link.from, rows);
  const tos = await keysAt(write, link.to, rows);
  const found: (Removal | undefined)[] = [];
  for (const [index, { key }] of rows.entries()) {
    const [from, to] = [froms[index], tos[index]];
    const isKnown = from && to;
    const known = { [link.from.property.name]: from ?? null, [link.to.property.name]: to ?? null };
    const sent = isKnown ? known : (await recordIfThere(runtime, mapping, key))?.values;
    found.push(sent && { sent });
  }
  return found;
}

async function keysAt(
  { runtime, place }: SyncedWrite,
  { attribute, target }: MappedAttribute,
  rows: readonly RemovedRow[],
): Promise<(string | null | undefined)[]> {
  const ids = rows.map(({ values }) => values?.[attribute]);
  if (!target) return ids.map(() => undefined);
  const known = ids.filter((id) => id !== null && id !== undefined);
  const keys = await legacyKeys(runtime, place, { mapping: target, ids: known });
  return ids.map((id) => keys.get(idText(id)));
}

/**
 * Of links to be made, those that must be sent. One that this unit of work was going to take away at
 * its end is there still: it stays, and the new row is its row.
 */
export async function linksToSend(
  write: SyncedWrite,
  steps: readonly CreateStep[],
): Promise<readonly CreateStep[]> {
  const { runtime, mapping, unit } = write;
  const { link } = mapping;
  if (!link) return steps;
  const removals = new Map(
    unit.removals(mapping).map((removal) => [linkName(link, removal.sent), removal]),
  );
  const again = steps.filter(({ sent }) => removals.has(linkName(link, sent)));
  const records = await findLinks(
    runtime,
    mapping,
    again.map(({ sent }) => sent),
  );
  for (const step of again) {
    const name = linkName(link, step.sent);
    const removal = removals.get(name);
    if (removal) unit.keep(removal);
    const record = records.get(name);
    step.after = record;
    step.key = record?.key ?? '';
  }
  return steps.filter(({ after }) => after === undefined);
}
