import type { LegacyRecord } from '../../../../legacy-client';
import type { MappedAttribute } from '../../../mapping';
import { valuesBefore } from '../../states';
import type { UpdateStep } from '../steps';
import type { ChangedRow } from '../update';
import {
  isCreate,
  isDestroy,
  isSamePlanned,
  isUpdate,
  names,
  type Planned,
  type PlannedCreate,
  type PlannedUpdate,
} from './planned';

/**
 * Sum up what a transaction does to each record, in the order in which it has to be sent: deletes last.
 *
 * | written | then | sent |
 * | --- | --- | --- |
 * | create | update | one create; the update for itself where it names a record that is created later |
 * | update | update | one update, where the last of them stands |
 * | create | delete | nothing |
 * | update | delete | the delete; the update, too, where the record is made inactive: it may come back |
 */
export function folded(log: readonly Planned[]): Planned[] {
  let open: Planned[] = [];
  for (const planned of log) {
    if (isDestroy(planned)) open = withDestroy(open, planned);
    else if (isUpdate(planned)) open = withUpdate(open, planned);
    else open = [...open, planned];
  }
  return [...open.filter((one) => !isDestroy(one)), ...open.filter(isDestroy)];
}

function withDestroy(open: readonly Planned[], planned: Planned): Planned[] {
  const others = open.filter((one) => !isSamePlanned(one, planned));
  const create = open.find((one) => isCreate(one) && isSamePlanned(one, planned));
  const isKept = planned.step.mapping.deactivation !== undefined;
  const left = isKept ? open.filter((one) => others.includes(one) || !isDestroy(one)) : others;
  if (!create) return [...left, planned];
  if (!others.some(({ step }) => names(step.sent, planned.key))) return others;
  // What names the record would be refused without it.
  return [...open.filter((one) => one === create || others.includes(one)), planned];
}

function withUpdate(open: readonly Planned[], planned: PlannedUpdate): Planned[] {
  const index = open.findLastIndex((one) => !isDestroy(one) && isSamePlanned(one, planned));
  const last = open[index];
  if (last && isUpdate(last)) {
    return [...open.slice(0, index), ...open.slice(index + 1), bothUpdates(last, planned)];
  }
  const later = open.slice(index + 1).filter(isCreate);
  const isEarly = later.some(({ key }) => names(planned.step.sent, key));
  if (!last || !isCreate(last) || isEarly) return [...open, planned];
  return open.map((one) => (one === last ? updatedCreate(last, planned) : one));
}

function updatedCreate(create: PlannedCreate, update: PlannedUpdate): PlannedCreate {
  const { held, revision } = update;
  const sent = { ...create.step.sent, ...update.step.sent };
  return { ...create, ...bothRows(create, update), held, revision, step: { ...create.step, sent } };
}

/** One update that does what two do. */
function bothUpdates(first: PlannedUpdate, second: PlannedUpdate): PlannedUpdate {
  const { held, revision } = second;
  const sent = { ...first.step.sent, ...second.step.sent };
  const image = bothImages(first.image, second.image);
  const step: UpdateStep = { ...second.step, sent };
  return {
    ...{ ...second, ...bothRows(first, second), held, revision, image },
    step: image ? { ...step, before: valuesBefore(step.mapping, image, sent) } : step,
    row: bothChanges(first.row, second.row),
    readAt: first.readAt,
    relative: new Set([
      ...[...first.relative].filter((name) => !(name in second.step.sent)),
      ...[...second.relative].filter(
        (name) => !(name in first.step.sent) || first.relative.has(name),
      ),
    ]),
  };
}

function bothRows(
  first: PlannedCreate | PlannedUpdate,
  second: PlannedUpdate,
): Pick<PlannedUpdate, 'instances' | 'whole'> {
  return {
    instances: [...new Set([...first.instances, ...second.instances])],
    whole: new Set([...first.whole, ...second.whole]),
  };
}

/**
 * The record before both. It has the version of the first look: when it is another by now, the service
 * says so, and all of it is read again.
 */
function bothImages(
  first: LegacyRecord | undefined,
  second: LegacyRecord | undefined,
): LegacyRecord | undefined {
  return first && { ...first, values: { ...second?.values, ...first.values } };
}

/** What both have changed, and what the row held before the first. */
export function bothChanges(first: ChangedRow, second: ChangedRow): ChangedRow {
  const changed = new Map<string, MappedAttribute>(
    [...first.changed, ...second.changed].map((mapped) => [mapped.attribute, mapped]),
  );
  const written = new Set(first.changed.map(({ attribute }) => attribute));
  const before: Record<string, unknown> = { ...first.before };
  for (const { attribute } of second.changed) {
    if (!written.has(attribute)) before[attribute] ??= second.before[attribute];
  }
  return { ...second, changed: [...changed.values()], before };
}
