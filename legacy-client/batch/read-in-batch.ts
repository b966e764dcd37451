import type { Dialect, DialectRequest } from '../dialects/dialect';
import { MalformedAnswerError } from '../dialects/problems';
import { type PartsReader, parsedAnswer } from '../exchanger';
import { errorOfAnswer } from '../judgement';
import type { HttpAnswerPart } from '../multipart/http-part';
import { type MimePart, readHttpAnswer } from '../multipart/read-multipart';
import { writeBatch } from '../multipart/write-batch';
import type { TransportAnswer } from '../transport';
import { asReceived, errorOfWhole, hasParts, takenApart } from './whole-answer';

/**
 * Put a read into a batch of its own.
 *
 * @param url - of the read: absolute, encoded.
 */
export function batchOfRead(
  { root, dialect }: { readonly root: string; readonly dialect: Dialect },
  { headers }: DialectRequest,
  url: string,
): DialectRequest {
  const isBelow = url.startsWith(`${root}/`);
  const address = isBelow ? dialect.partAddress(root, url.slice(root.length + 1)) : url;
  const { contentType, text } = writeBatch([{ method: 'GET', address, headers }]);
  const outer = { ...dialect.batchHeaders, 'Content-Type': contentType };
  return { method: 'POST', path: '$batch', headers: outer, text };
}

/**
 * Read the answer to a batch of one read: its only part is judged as the answer to the read itself.
 *
 * @param onWhole - told of the error that an answer without parts is: it speaks of `$batch`.
 */
export function readOnlyPart(onWhole: (error: Error) => void): PartsReader {
  return (received, judged) => {
    if (!hasParts(received)) {
      const error = errorOfWhole(received, judged);
      onWhole(error);
      throw error;
    }
    const part = takenApart(received, judged, onlyPart);
    const answer = withWaitOfWhole(asReceived(part), received);
    const error = errorOfAnswer(answer, judged);
    if (error !== undefined) throw error;
    return [parsedAnswer(answer, judged)];
  };
}

function onlyPart([only, ...others]: readonly MimePart[]): HttpAnswerPart {
  if (only !== undefined && others.length === 0) return readHttpAnswer(only);
  throw new MalformedAnswerError('one read was sent, something else was answered');
}

/** NOTE: a service that throttles may say how long only in the headers of the whole. */
function withWaitOfWhole(part: TransportAnswer, { headers }: TransportAnswer): TransportAnswer {
  const wait = headers['retry-after'];
  return wait === undefined ? part : { ...part, headers: { 'retry-after': wait, ...part.headers } };
}
