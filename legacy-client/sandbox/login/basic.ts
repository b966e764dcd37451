import type { IncomingMessage } from 'node:http';
import type { Face } from '../faces/face';
import { challenged, type Gate, type SandboxCredentials, type Stopped } from './gate';

/** HTTP Basic with each request. */
export class BasicGate implements Gate {
  private readonly expected: string;

  constructor({ username, password }: SandboxCredentials) {
    this.expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  stop({ headers }: IncomingMessage, face: Face): Stopped | undefined {
    if (headers.authorization === this.expected) return undefined;
    return { answer: challenged(face, 'Basic realm="sandbox"'), isLoginStep: false };
  }
}
