import type { BatchOperation, LegacyClient, LegacyRecord } from '../../../legacy-client';
import { changesetSize, isRefused, partsOf, sendChangeset } from './changesets';
import { inWorkers } from './in-workers';
import { linkedKeys } from './links';
import type { CreateStep, UpdateStep } from './steps';

/** A create or an update to be sent. */
export interface Outgoing {
  readonly step: CreateStep | UpdateStep;
  /** The version that the record must still have. */
  readonly ifMatch?: string | undefined;
}

/** A request that has failed. */
export interface Failure {
  readonly step: CreateStep | UpdateStep;
  readonly error: unknown;
}

/** What came of several requests. */
export interface Sent {
  readonly failures: Failure[];
  /** What was certainly not carried out, because something else had failed. */
  readonly unsent: Outgoing['step'][];
}

/**
 * Send creates and updates, several at a time, as changesets where the service has them. After a
 * failure no more is begun; what is under way is waited for.
 *
 * @param mayFail - refusals after which the others are sent all the same: one request each.
 */
export async function sendInTurns(
  client: LegacyClient,
  outgoing: readonly Outgoing[],
  mayFail?: (error: unknown) => boolean,
): Promise<Sent> {
  const size = mayFail || outgoing.length < 2 ? 1 : changesetSize(client);
  const sent: Sent = { failures: [], unsent: [] };
  const waiting = await inWorkers(partsOf(outgoing, size), async (part) => {
    const isDone = part.length > 1 && (await sendTogether(client, part, sent));
    if (!isDone) await sendOneByOne(client, part, { sent, mayFail });
    return sent.failures.every(({ error }) => mayFail?.(error) ?? false);
  });
  sent.unsent.push(...waiting.flat().map(({ step }) => step));
  return sent;
}

/** Send a changeset; false where the service has none. */
async function sendTogether(
  client: LegacyClient,
  part: readonly Outgoing[],
  { failures, unsent }: Sent,
): Promise<boolean> {
  for (const { step } of part) if (step.operation === 'create') step.isSentOnce = true;
  try {
    const results = await sendChangeset(client, part.map(operationOf));
    results?.forEach(({ record, key }, index) => {
      const step = part[index]?.step;
      if (step) finish(step, record, key);
    });
    return results !== undefined;
  } catch (error) {
    const { index = 0 } = error as { index?: number };
    const others = part.filter((_, position) => position !== index).map(({ step }) => step);
    const fault = part[index] ?? part[0];
    if (fault) failures.push({ step: fault.step, error });
    if (isRefused(error)) unsent.push(...others);
    else failures.push(...others.map((step) => ({ step, error })));
    return true;
  }
}

async function sendOneByOne(
  client: LegacyClient,
  part: readonly Outgoing[],
  { sent, mayFail }: { sent: Sent; mayFail: ((error: unknown) => boolean) | undefined },
): Promise<void> {
  const waiting = await inWorkers(part, async (one) => {
    try {
      finish(one.step, await sendOne(client, one));
    } catch (error) {
      sent.failures.push({ step: one.step, error });
      return mayFail?.(error) ?? false;
    }
    return true;
  });
  sent.unsent.push(...waiting.map(({ step }) => step));
}

async function sendOne(
  client: LegacyClient,
  { step, ifMatch }: Outgoing,
): Promise<LegacyRecord | undefined> {
  const { entity, link } = step.mapping;
  if (step.operation === 'update') return client.update(entity, step.key, step.sent, { ifMatch });
  const key = step.key === '' ? undefined : step.key;
  const onRepeat = (): void => {
    step.isRepeated = true;
  };
  step.isSentOnce = false;
  if (link) {
    await client.associate(link.relationship, linkedKeys(link, step.sent), { onRepeat });
    return undefined;
  }
  return client.create(entity, step.sent, { key, onRepeat });
}

/** A create or an update as a part of a changeset. */
export function operationOf({ step, ifMatch }: Outgoing): BatchOperation {
  const { entity, link } = step.mapping;
  if (link) {
    const { relationship } = link;
    return { kind: 'associate', link: relationship, ...linkedKeys(link, step.sent) };
  }
  const condition = ifMatch === undefined ? {} : { ifMatch };
  return step.operation === 'update'
    ? { kind: 'update', entity, key: step.key, changes: step.sent, ...condition }
    : { kind: 'create', entity, values: step.sent, ...(step.key !== '' && { key: step.key }) };
}

/** Note that a request has been answered. */
export function finish(
  step: Outgoing['step'],
  record: LegacyRecord | undefined,
  key?: string,
): void {
  step.after = record;
  // An earlier copy of a create may still arrive, and create the record once more.
  step.isOver = step.operation === 'update' || step.isRepeated !== true;
  // The service may have chosen a key of its own.
  step.key = record?.key ?? key ?? step.key;
}
