import { answerSingle, refusalOf } from '../answer-single';
import { failure, throttled } from '../fault-answers';
import { receivePart, type ReceivedRequest } from '../face-request';
import type { FaceAnswer } from '../faces/face';
import { preferencesOf } from '../faces/preferences';
import type { Handling } from '../handling';
import type { OpenPart } from '../journal';
import type { WrittenMember, WrittenPart } from './read-batch';
import { type Known, remember, withReferences } from './references';
import { type AnsweredPart, writeMultipart, writePart } from './write-answers';

/** What answering a batch works with. */
export interface BatchHandling extends Handling {
  readonly batch: readonly WrittenMember[];
}

/** A changeset ends with the first request that fails, and everything before it is taken back. */
class ChangesetFailure extends Error {
  constructor(readonly part: AnsweredPart) {
    super('changeset failed');
  }
}

/**
 * Answer a batch: its members one after the other, up to the first that fails, or all of them under
 * `Prefer: odata.continue-on-error`.
 *
 * NOTE: without that preference the batch has the status of the request that failed; with it, 200.
 */
export function answerBatch(handling: BatchHandling, received: ReceivedRequest): FaceAnswer {
  const { continuesOnError } = preferencesOf(received.request.headers);
  const run = new BatchRun(handling, received);
  const written: string[] = [];
  let status = 200;
  for (const member of handling.batch) {
    const answered = member.isChangeset ? run.changeset(member.parts) : run.alone(member.parts);
    written.push(answered.text);
    if (answered.status < 400 || continuesOnError) continue;
    status = answered.status;
    break;
  }
  const { contentType, text } = writeMultipart('batchresponse', written);
  return { status, headers: { 'odata-version': '4.0', 'content-type': contentType }, text };
}

/** A member's answer, and the status that it gives the batch. */
interface AnsweredMember {
  readonly status: number;
  readonly text: string;
}

class BatchRun {
  /** Requests that were answered so far. */
  private count = 0;

  constructor(
    private readonly handling: BatchHandling,
    private readonly received: ReceivedRequest,
  ) {}

  alone(parts: readonly WrittenPart[]): AnsweredMember {
    const [answered] = parts.map((part) => this.answered(part, new Map(), []));
    if (answered === undefined) throw new Error('A member of a batch has a request');
    return { status: answered.answer.status, text: writePart(answered) };
  }

  changeset(parts: readonly WrittenPart[]): AnsweredMember {
    const known: Known = new Map();
    const entries: OpenPart[] = [];
    const end = this.count + parts.length;
    let answers: readonly AnsweredPart[];
    try {
      answers = this.handling.store.atomically(() =>
        parts.map((part) => {
          const answered = this.answered(part, known, entries);
          if (answered.answer.status >= 400) throw new ChangesetFailure(answered);
          return answered;
        }),
      );
    } catch (error) {
      if (!(error instanceof ChangesetFailure)) throw error;
      answers = [error.part];
      for (const entry of entries.slice(0, -1)) entry.status = null;
      for (const entry of entries) entry.applied = false;
    }
    this.count = end;
    const { contentType, text } = writeMultipart('changesetresponse', answers.map(writePart));
    const [first] = answers;
    return {
      status: first?.answer.status ?? 200,
      text: `Content-Type: ${contentType}\r\n\r\n${text}`,
    };
  }

  /** @param entries - gets the journal's entry of the part. */
  private answered(part: WrittenPart, known: Known, entries: OpenPart[]): AnsweredPart {
    const { store, entry: ofBatch } = this.handling;
    const { contentId } = part;
    const before = store.version;
    const answer = this.answer(part, known);
    const entry = ofBatch.parts?.[this.count];
    this.count += 1;
    if (entry !== undefined) {
      entry.status = answer.status;
      entry.applied = store.version !== before;
      entries.push(entry);
    }
    return { contentId, answer };
  }

  private answer(part: WrittenPart, known: Known): FaceAnswer {
    const { face, faults } = this.handling;
    try {
      const received = receivePart(face, this.received.request.root, withReferences(part, known));
      const { entitySet, key, request } = received;
      const fault = faults.strikePart({ method: request.method, entitySet, key });
      if (fault?.type === 'throttle') return throttled(face, fault.retryAfterSeconds);
      if (fault?.type === 'fail' && fault.answer.afterApplying !== true) {
        return failure(face, fault.answer);
      }
      const answer = answerSingle(face, received);
      if (fault !== undefined) return failure(face, fault.answer);
      remember(known, { contentId: part.contentId, path: request.path, answer });
      return answer;
    } catch (error) {
      return refusalOf(face, error);
    }
  }
}
