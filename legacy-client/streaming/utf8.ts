import { isUtf8 } from 'node:buffer';
import { MalformedAnswerError } from '../dialects/problems';

/**
 * What is wrong with bytes that are no text in UTF-8: read so, they would become other letters, and
 * nobody would notice. Undefined for a text.
 */
export function encodingProblem(bytes: Buffer): MalformedAnswerError | undefined {
  return isUtf8(bytes) ? undefined : new MalformedAnswerError('its text is not in UTF-8');
}

/** @throws MalformedAnswerError for bytes that are no UTF-8. */
export function textInUtf8(bytes: Buffer): string {
  const problem = encodingProblem(bytes);
  if (problem) throw problem;
  return bytes.toString('utf8');
}
