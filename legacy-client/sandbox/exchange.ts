import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { deliver, type Delivery } from './delivery';
import { failure, loginPage, notLoggedIn, throttled } from './fault-answers';
import { receivePart, type ReceivedRequest } from './face-request';
import type { Face, FaceAnswer } from './faces/face';
import type { StruckFaults } from './faults';
import { handle } from './handling';
import type { NewEntry } from './journal';
import type { SandboxParts } from './local-control';

/** What an exchange needs of the sandbox. */
export interface ExchangeContext extends SandboxParts {
  /** Ends delays when the sandbox closes. */
  readonly signal: AbortSignal;
}

/** An answer, and how much of it arrives. */
interface Outcome {
  readonly answer: FaceAnswer;
  readonly delivery: Delivery;
}

const whole = (answer: FaceAnswer): Outcome => ({ answer, delivery: 'whole' });

function outcomeOf(face: Face, fault: StruckFaults['outcome'], apply: () => FaceAnswer): Outcome {
  switch (fault?.type) {
    case undefined:
      return whole(apply());
    case 'throttle':
      return whole(throttled(face, fault.retryAfterSeconds));
    case 'expireLogin':
      return whole(fault.page ? loginPage() : notLoggedIn(face));
    case 'loseResponse':
      return { answer: apply(), delivery: 'dropped' };
    case 'truncate':
      return { answer: apply(), delivery: 'truncated' };
    case 'fail': {
      if (fault.answer.afterApplying === true) apply();
      const answer = failure(face, fault.answer);
      return { answer, delivery: fault.answer.form === 'drop' ? 'dropped' : 'whole' };
    }
  }
}

/** A request that came, and how it is answered. */
export interface Incoming {
  readonly received: ReceivedRequest;
  readonly response: ServerResponse;
  /** What the login says instead of the service; undefined for who is let in. */
  readonly turnedAway: FaceAnswer | undefined;
}

/** Journal a request, strike it with its faults, have it handled, and answer. */
export async function exchange(
  context: ExchangeContext,
  face: Face,
  { received, response, turnedAway }: Incoming,
): Promise<void> {
  const entry = context.journal.open(entryOf(face, received));
  const struck = turnedAway === undefined ? context.faults.strike(entry) : undefined;
  // A client that gives up meanwhile does not stop the request: it is applied all the same.
  await wait(struck?.delayBeforeMs, context.signal);
  const { answer, delivery } =
    turnedAway === undefined
      ? outcomeOf(face, struck?.outcome, () => handle({ ...context, face, entry }, received))
      : whole(turnedAway);
  await wait(struck?.delayAfterMs, context.signal);
  if (delivery === 'whole') entry.status = answer.status;
  deliver(response, answer, delivery);
}

function entryOf(face: Face, received: ReceivedRequest): NewEntry {
  const { request, batch } = received;
  const entry = { face: face.name, ...journalled(received) };
  if (batch === undefined) return entry;
  const parts = batch
    .flatMap((member) => member.parts)
    .map((part) => journalled(receivePart(face, request.root, part)))
    .map((part) => ({ ...part, applied: false, status: null }));
  return { ...entry, parts };
}

function journalled({
  request: { method },
  entitySet,
  key,
  url,
  body,
}: ReceivedRequest): Omit<NewEntry, 'face' | 'parts'> {
  const entry = { method, entitySet, key, url };
  return body === undefined ? entry : { ...entry, body };
}

async function wait(delayMs: number | undefined, signal: AbortSignal): Promise<void> {
  if (delayMs !== undefined && delayMs > 0) await pause(delayMs, undefined, { signal });
}
