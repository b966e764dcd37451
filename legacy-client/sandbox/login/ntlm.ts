import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { challengeMessage, isProof, type NtlmServerSide } from './ntlm-server';
import { ntlmMessageType } from '../../auth/ntlm/messages';
import type { Face } from '../faces/face';
import { challenged, type Gate, type SandboxCredentials, type Stopped } from './gate';

/** NTLM: each connection logs in by a handshake of its own. */
export class NtlmGate implements Gate {
  private opened = new WeakMap<Duplex, NtlmServerSide>();
  private loggedIn = new WeakSet<Duplex>();

  constructor(private readonly credentials: SandboxCredentials) {}

  stop({ headers, socket }: IncomingMessage, face: Face): Stopped | undefined {
    const [, encoded] = /^NTLM ([A-Za-z0-9+/]+=*)$/i.exec(headers.authorization ?? '') ?? [];
    const message = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
    switch (message && ntlmMessageType(message)) {
      case 1:
        return this.challenge(socket, message ?? Buffer.alloc(0), face);
      case 3:
        return this.check(socket, message ?? Buffer.alloc(0), face);
      default:
        return this.loggedIn.has(socket) ? undefined : turnedAway(face);
    }
  }

  expire(): void {
    this.loggedIn = new WeakSet();
  }

  private challenge(socket: Duplex, negotiate: Buffer, face: Face): Stopped {
    const challenge = challengeMessage(randomBytes(8), new Date());
    this.opened.set(socket, { negotiate, challenge });
    const answer = challenged(face, `NTLM ${challenge.toString('base64')}`);
    return { answer, isLoginStep: true };
  }

  private check(socket: Duplex, authenticate: Buffer, face: Face): Stopped | undefined {
    const opened = this.opened.get(socket);
    this.opened.delete(socket);
    this.loggedIn.delete(socket);
    if (opened === undefined || !isProof(authenticate, opened, this.credentials)) {
      return turnedAway(face);
    }
    this.loggedIn.add(socket);
    return undefined;
  }
}

function turnedAway(face: Face): Stopped {
  return { answer: challenged(face, 'NTLM'), isLoginStep: false };
}
