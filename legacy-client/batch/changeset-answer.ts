import { MalformedAnswerError } from '../dialects/problems';
import { type Answer, parsedAnswer } from '../exchanger';
import { errorOfAnswer, type JudgedRequest, unreadableAnswer } from '../judgement';
import type { HttpAnswerPart } from '../multipart/http-part';
import {
  isMultipart,
  type MimePart,
  readHttpAnswer,
  readMultipart,
} from '../multipart/read-multipart';
import type { TransportAnswer } from '../transport';
import { asReceived, errorOfWhole, hasParts, takenApart } from './whole-answer';

/** What an error says of a request of a changeset. */
export type ChangesetRequest = Pick<JudgedRequest, 'method' | 'redactedUrl'> & {
  /** As it was sent. */
  readonly contentId: string;
  /** Of the operation, among those that the caller gave. */
  readonly index: number;
};

/** An answer to a batch, with what it answers. */
interface Received {
  readonly answer: TransportAnswer;
  readonly batch: JudgedRequest;
  readonly requests: readonly ChangesetRequest[];
}

/**
 * Read the answer to a batch of one changeset.
 *
 * @returns the answers to its requests, in their order.
 * @throws LegacyError of the request that failed, with its index where the answer tells it;
 *   `refused` as for that request alone, since all of a changeset fails with one. An answer that
 *   leaves in doubt what was applied is a `LegacyResponseError` with outcome `unknown`.
 */
export function readChangeset(
  answer: TransportAnswer,
  batch: JudgedRequest,
  requests: readonly ChangesetRequest[],
): readonly Answer[] {
  const received = { answer, batch, requests };
  if (!hasParts(answer)) throw errorOfWhole(answer, batch);
  const parts = takenApart(answer, batch, changesetParts);
  const [failed] = parts.filter(({ status }) => status >= 300);
  if (failed !== undefined) throw errorOfPart(failed, parts, received);
  return inOrder(parts, received).map(({ request, part }) =>
    parsedAnswer(asReceived(part), judgedPart(batch, request)),
  );
}

/** NOTE: a changeset that failed is answered by one part, within a changeset of its own or bare. */
function changesetParts([only, ...others]: readonly MimePart[]): readonly HttpAnswerPart[] {
  if (only === undefined || others.length > 0) {
    throw new MalformedAnswerError('one changeset was sent, something else was answered');
  }
  const contentType = only.headers['content-type'] ?? '';
  if (isMultipart(contentType)) return readMultipart(contentType, only.content).map(readHttpAnswer);
  const bare = readHttpAnswer(only);
  if (bare.status >= 300) return [bare];
  throw new MalformedAnswerError('a success came outside of the changeset');
}

function errorOfPart(
  failed: HttpAnswerPart,
  parts: readonly HttpAnswerPart[],
  { answer, batch, requests }: Received,
): Error {
  const atPosition = parts.length === requests.length ? requests[parts.indexOf(failed)] : undefined;
  const request = requests.find(({ contentId }) => contentId === failed.contentId) ?? atPosition;
  const judged = judgedPart(batch, request);
  if (parts.some(({ status }) => status < 300)) {
    return unreadableAnswer('parts of one changeset succeeded and failed', answer, judged);
  }
  const error = errorOfAnswer(asReceived(failed), judged);
  return error ?? unreadableAnswer('a part of it is neither success nor failure', answer, judged);
}

/** The parts by Content-ID, since a server may answer in any order; where none has one, as they came. */
function inOrder(
  parts: readonly HttpAnswerPart[],
  { answer, batch, requests }: Received,
): { request: ChangesetRequest; part: HttpAnswerPart }[] {
  if (parts.length !== requests.length) {
    const counts = `${parts.length} answers to ${requests.length} requests`;
    throw unreadableAnswer(`it has ${counts}`, answer, batch);
  }
  const isNamed = parts.some(({ contentId }) => contentId !== undefined);
  const byId = new Map(parts.map((part) => [part.contentId, part]));
  return requests.map((request, position) => {
    const part = isNamed ? byId.get(request.contentId) : parts[position];
    if (part !== undefined) return { request, part };
    throw unreadableAnswer('its parts do not name the requests they answer', answer, batch);
  });
}

function judgedPart(batch: JudgedRequest, request: ChangesetRequest | undefined): JudgedRequest {
  if (request === undefined) return batch;
  const { method, redactedUrl, index } = request;
  return { ...batch, method, redactedUrl, index };
}
