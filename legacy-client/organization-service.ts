import type { Answer, PartsReader } from './exchanger';
import { errorOfAnswer, unreadableAnswer } from './judgement';
import { soapBody } from './xml/soap';

/**
 * Read the answer of the organization service of Dynamics 2011 to a message that answers with
 * nothing of its own, such as SetState.
 *
 * @throws LegacyError
 */
export const readExecuted: PartsReader = (received, judged): readonly Answer[] => {
  const error = errorOfAnswer(received, judged);
  if (error !== undefined) throw error;
  const body = soapBody(received.text);
  if (body !== undefined && 'ExecuteResponse' in body) return [];
  throw unreadableAnswer('it is no answer of the organization service', received, judged);
};
