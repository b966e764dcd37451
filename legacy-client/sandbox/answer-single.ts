import { CrmError } from './crm-error';
import type { ReceivedRequest } from './face-request';
import type { Face, FaceAnswer } from './faces/face';

/** Let the face answer one request; refusals come in its own shape. */
export function answerSingle(face: Face, { request, problem }: ReceivedRequest): FaceAnswer {
  try {
    if (problem !== undefined) throw new CrmError('badQuery', problem);
    return face.handle(request);
  } catch (error) {
    return refusalOf(face, error);
  }
}

/** The answer to a request that was refused, or that the sandbox itself failed at. */
export function refusalOf(face: Face, error: unknown): FaceAnswer {
  if (error instanceof CrmError) {
    const code = face.writeCode(error.codeOn(face.name));
    return face.error(error.statusOn(face.name), code, error.message);
  }
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return face.error(500, '', `The sandbox itself failed: ${reason}`);
}
