import { entities, type ModelName } from './facts';
import { rowOf, rowsOf, type Cell, type Moment, type Row } from './rows';

type DeleteRule = 'cascade' | 'unlink' | 'restrict';

/** What becomes of records whose parent a CRM user deletes; written down once more on purpose. */
const rules: readonly (readonly [ModelName, string, ModelName, DeleteRule])[] = [
  ['Organisation', 'sectorId', 'Sector', 'restrict'],
  ['Organisation', 'countryId', 'Country', 'restrict'],
  ['Organisation', 'parentId', 'Organisation', 'unlink'],
  ['Contact', 'organisationId', 'Organisation', 'cascade'],
  ['Interaction', 'contactId', 'Contact', 'cascade'],
  ['Order', 'organisationId', 'Organisation', 'restrict'],
  ['ContactOrder', 'contactId', 'Contact', 'cascade'],
  ['ContactOrder', 'orderId', 'Order', 'cascade'],
];

/** A moment in which one record is as given. */
export function withRow(moment: Moment, name: ModelName, row: Row): Moment {
  const rows = new Map(moment.get(name));
  return new Map(moment).set(name, rows.set(row.legacyId, row));
}

/** A moment in which some cells of a record are others. */
export function withCells(
  moment: Moment,
  at: { readonly name: ModelName; readonly legacyId: string },
  cells: Readonly<Record<string, Cell>>,
): Moment {
  const row = rowOf(moment, at.name, at.legacyId);
  if (!row) return moment;
  return withRow(moment, at.name, { ...row, cells: { ...row.cells, ...cells } });
}

function withoutRow(moment: Moment, name: ModelName, legacyId: string): Moment {
  const rows = new Map(moment.get(name));
  rows.delete(legacyId);
  return new Map(moment).set(name, rows);
}

/** A moment without a record and all that goes with it; nothing when the CRM keeps it. */
export function withoutRecord(
  moment: Moment,
  name: ModelName,
  legacyId: string,
): Moment | undefined {
  let after = withoutRow(moment, name, legacyId);
  for (const [from, attribute, target, rule] of rules) {
    if (target !== name) continue;
    for (const row of rowsOf(moment, from)) {
      if (row.cells[attribute] !== legacyId) continue;
      if (rule === 'restrict') return undefined;
      const next: Moment | undefined =
        rule === 'unlink'
          ? withCells(after, { name: from, legacyId: row.legacyId }, { [attribute]: null })
          : withoutRecord(after, from, row.legacyId);
      if (!next) return undefined;
      after = next;
    }
  }
  return after;
}

/** The models and attributes that refer to a model, and stop its rows from going here. */
export function restricting(name: ModelName): { model: ModelName; attribute: string }[] {
  const isKeptHere = (from: ModelName, rule: DeleteRule): boolean =>
    rule !== 'unlink' && from !== 'ContactOrder';
  return rules
    .filter(([from, , target, rule]) => target === name && isKeptHere(from, rule))
    .map(([model, attribute]) => ({ model, attribute }));
}

/** A line for each record that two moments do not share. */
export function differences(wanted: Moment, there: Moment): string[] {
  return entities.flatMap(({ name }) => {
    const keys = new Set([...rowsOf(wanted, name), ...rowsOf(there, name)].map((r) => r.legacyId));
    return [...keys].flatMap((key) => {
      const sides = [rowOf(wanted, name, key), rowOf(there, name, key)].map((row) =>
        row ? JSON.stringify(row.cells) : 'nothing',
      );
      return sides[0] === sides[1]
        ? []
        : [`${name} ${key} is ${String(sides[1])} in the CRM, not ${String(sides[0])}`];
    });
  });
}
