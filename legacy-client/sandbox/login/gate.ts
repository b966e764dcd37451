import type { IncomingMessage } from 'node:http';
import type { Face, FaceAnswer } from '../faces/face';

/** The account that the sandbox knows. */
export interface SandboxCredentials {
  readonly username: string;
  readonly password: string;
}

/** How the sandbox wants to be logged in to. */
export type SandboxLogin = 'none' | 'basic' | 'bearer' | 'ntlm' | 'adfs';

/** A request that has not been let in. */
export interface Stopped {
  readonly answer: FaceAnswer;
  /** It only carries the login on; it is no request to the service, so it is not in the journal. */
  readonly isLoginStep: boolean;
}

/** Stands before the services and lets in who is logged in. */
export interface Gate {
  /** Undefined: let in. */
  stop(incoming: IncomingMessage, face: Face): Stopped | undefined;
  /** Answer a request to the pages of the login itself; undefined: there is no such page. */
  serve?(incoming: IncomingMessage, body: string): FaceAnswer | undefined;
  /**
   * End all sessions; absent where every request logs in by itself.
   *
   * @param page - turn the next request away by a login page in place of the data.
   */
  expire?(page: boolean): void;
}

/** 401 with what a client should send. */
export function challenged(face: Face, challenge: string): FaceAnswer {
  const answer = face.error(401, face.writeCode(null), 'The session has expired; log in again.');
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': challenge } };
}
