import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CrmError } from './crm-error';
import { deliver, type Delivery } from './delivery';
import { failure, loginPage, notLoggedIn, throttled } from './fault-answers';
import type { ReceivedRequest } from './face-request';
import type { Face, FaceAnswer } from './faces/face';
import type { StruckFaults } from './faults';
import type { OpenEntry } from './journal';
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

/** Let the face answer, refusals in its own shape, and note whether the store changed. */
function handle(
  face: Face,
  received: ReceivedRequest,
  { store, entry }: { readonly store: SandboxParts['store']; readonly entry: OpenEntry },
): FaceAnswer {
  const before = store.version;
  try {
    if (received.problem !== undefined) throw new CrmError('badQuery', received.problem);
    return face.handle(received.request);
  } catch (error) {
    if (error instanceof CrmError) {
      const code = face.writeCode(error.codeOn(face.name));
      return face.error(error.statusOn(face.name), code, error.message);
    }
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return face.error(500, '', `The sandbox itself failed: ${reason}`);
  } finally {
    entry.applied = store.version !== before;
  }
}

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
  const { entitySet, key, url, body } = received;
  const { method } = received.request;
  const open = { method, face: face.name, entitySet, key, url };
  const entry = context.journal.open(body === undefined ? open : { ...open, body });
  const struck =
    turnedAway === undefined ? context.faults.strike({ method, entitySet, key }) : undefined;
  // A client that gives up meanwhile does not stop the request: it is applied all the same.
  await wait(struck?.delayBeforeMs, context.signal);
  const { answer, delivery } =
    turnedAway === undefined
      ? outcomeOf(face, struck?.outcome, () =>
          handle(face, received, { store: context.store, entry }),
        )
      : whole(turnedAway);
  await wait(struck?.delayAfterMs, context.signal);
  if (delivery === 'whole') entry.status = answer.status;
  deliver(response, answer, delivery);
}

async function wait(delayMs: number | undefined, signal: AbortSignal): Promise<void> {
  if (delayMs !== undefined && delayMs > 0) await pause(delayMs, undefined, { signal });
}
