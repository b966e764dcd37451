import { withCells, withoutRecord, withRow } from '../oracle/changes';
import { associationOf, type ModelName } from '../oracle/facts';
import { rowOf, rowsOf, type Moment, type Row } from '../oracle/rows';
import { accessorOf, subjectOf, type Prepared, type Writing } from './writing';

/** A write through a has-many or a many to many association. */
export interface LinkStep {
  readonly do: 'link';
  readonly model: ModelName;
  readonly ref: number;
  readonly as: string;
  readonly how: 'set' | 'add' | 'remove';
  readonly others: readonly number[];
}

interface Links {
  readonly owner: string;
  readonly others: readonly string[];
}

const upper = (as: string): string => as.charAt(0).toUpperCase() + as.slice(1);

function afterForeignKeys({ before }: Writing, step: LinkStep, { owner, others }: Links): Moment {
  const { target, foreignKey } = associationOf(step.model, step.as);
  let after = before;
  for (const { legacyId, cells } of rowsOf(before, target)) {
    const isNamed = others.includes(legacyId);
    const isOwned = cells[foreignKey] === owner;
    const isTaken = isNamed && step.how !== 'remove';
    const isLeft = isOwned && (step.how === 'remove' ? isNamed : step.how === 'set' && !isNamed);
    if (!isTaken && !isLeft) continue;
    after = withCells(after, { name: target, legacyId }, { [foreignKey]: isTaken ? owner : null });
  }
  return after;
}

/** The links after the write; new ones have the keys that the CRM shows by then. */
function afterLinks(writing: Writing, step: LinkStep, { owner, others }: Links): Moment {
  const { foreignKey } = associationOf(step.model, step.as);
  const otherKey = foreignKey === 'contactId' ? 'orderId' : 'contactId';
  const mine = rowsOf(writing.before, 'ContactOrder').filter(
    ({ cells }) => cells[foreignKey] === owner,
  );
  let after = writing.before;
  for (const { legacyId, cells } of mine) {
    const isNamed = others.includes(String(cells[otherKey]));
    const isLeft = step.how === 'remove' ? isNamed : step.how === 'set' && !isNamed;
    if (isLeft) after = withoutRecord(after, 'ContactOrder', legacyId) ?? after;
  }
  if (step.how === 'remove') return after;
  const linked = new Set(mine.map(({ cells }) => cells[otherKey]));
  for (const other of others.filter((one) => !linked.has(one))) {
    const cells = { [foreignKey]: owner, [otherKey]: other };
    const { contactId = null, orderId = null } = cells;
    after = withRow(after, 'ContactOrder', madeLink(writing, { contactId, orderId }));
  }
  return after;
}

function madeLink({ before, stage }: Writing, cells: Row['cells']): Row {
  const there = rowsOf(stage.history.at(stage.history.now), 'ContactOrder');
  const isMade = (row: Row): boolean =>
    !isIn(before, row) &&
    row.cells.contactId === cells.contactId &&
    row.cells.orderId === cells.orderId;
  return { legacyId: there.find(isMade)?.legacyId ?? 'a link that was not made', cells };
}

function isIn(moment: Moment, { legacyId }: Row): boolean {
  return rowOf(moment, 'ContactOrder', legacyId) !== undefined;
}

/** Make a write through an association ready. */
export async function prepareLinks(
  writing: Writing,
  step: LinkStep,
): Promise<Prepared | undefined> {
  const { model, as, how } = step;
  const { stage, ids, transaction, before } = writing;
  const subject = await subjectOf(writing, { ...step, isStale: true });
  const { target, type } = associationOf(model, as);
  const keys = [...new Set(step.others.map((ref) => ids.legacyId(target, ref)))];
  const others = keys.filter((key) => stage.ids.localId(target, key) !== undefined);
  if (!subject || (others.length === 0 && how !== 'set')) return undefined;
  const isDangling = others.some((key) => !rowOf(before, target, key));
  const links = { owner: subject.legacyId, others };
  return {
    mayFail: isDangling || subject.isGone,
    act: async () => {
      const call = accessorOf(subject.instance, `${how}${upper(as)}`);
      await call(
        others.map((key) => stage.ids.localId(target, key)),
        { transaction },
      );
      const after = type === 'through' ? afterLinks : afterForeignKeys;
      return { after: after(writing, step, links) };
    },
  };
}
