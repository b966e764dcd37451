import { MalformedAnswerError } from './problems';

/** Read the answer to `/$count`: bare digits. */
export function readCount(body: unknown): number {
  const count = typeof body === 'string' && /^\s*\d{1,15}\s*$/.test(body) ? Number(body) : body;
  if (typeof count === 'number' && Number.isSafeInteger(count)) return count;
  throw new MalformedAnswerError('a count was expected, something else came');
}
