import { MalformedAnswerError } from '../dialects/problems';
import { errorOfAnswer, type JudgedRequest, unreadableAnswer } from '../judgement';
import type { HttpAnswerPart } from '../multipart/http-part';
import { isMultipart, type MimePart, readMultipart } from '../multipart/read-multipart';
import type { TransportAnswer } from '../transport';

/** Tell whether an answer to a batch has parts, whatever its status. */
export function hasParts({ headers }: TransportAnswer): boolean {
  return isMultipart(headers['content-type'] ?? '');
}

/**
 * The error for an answer to a batch that has no parts.
 *
 * NOTE: without parts, "not found" speaks of `$batch` itself, never of a record.
 */
export function errorOfWhole(answer: TransportAnswer, batch: JudgedRequest): Error {
  const dialect: JudgedRequest['dialect'] = {
    classifyError: (error) => {
      const said = batch.dialect.classifyError(error);
      return said === 'notFound' ? undefined : said;
    },
  };
  const judged = { ...batch, dialect };
  return errorOfAnswer(answer, judged) ?? unreadableAnswer('it has no parts', answer, judged);
}

/** @throws LegacyResponseError with outcome `unknown` when it cannot be taken apart. */
export function takenApart<Parts>(
  answer: TransportAnswer,
  batch: JudgedRequest,
  read: (parts: readonly MimePart[]) => Parts,
): Parts {
  try {
    return read(readMultipart(answer.headers['content-type'] ?? '', answer.text));
  } catch (error) {
    throw error instanceof MalformedAnswerError
      ? unreadableAnswer(error.message, answer, batch)
      : error;
  }
}

/** A part as an answer of its own. */
export function asReceived({ status, headers, text }: HttpAnswerPart): TransportAnswer {
  return { status, headers, text, bytes: Buffer.byteLength(text), setCookies: [] };
}
