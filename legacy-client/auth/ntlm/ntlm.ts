import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Lane } from '../../lane';
import { NetworkFailure } from '../../network-failure';
import type { TransportAnswer, TransportRequest } from '../../transport';
import type { ConnectedLogin, ConnectionScheme, OutgoingHeaders, Wire } from '../authenticator';
import { LoginFailure, RefusedPassword } from '../login-failure';
import { Refusals } from '../refusals';
import { requireSettings } from '../required';
import { authenticateMessage, negotiateMessage } from './messages';
import type { NtlmUser } from './responses';

/** A Windows account. */
export interface NtlmLogin {
  /** `ada`, `EXAMPLE\ada`, or `ada@example.test`. */
  readonly username: string;
  readonly password: string;
  /** By default what stands before a backslash in the name; otherwise none. */
  readonly domain?: string;
  /** The client's computer as the server's log shall name it; default: its host name. */
  readonly workstation?: string;
}

/**
 * Log in with NTLM (NTLMv2 only). The login belongs to a connection: requests stay on connections
 * that are logged in, and a new connection costs one request more. Those requests are not told to
 * `onExchange`. Servers that insist on channel binding ("Extended Protection: required") are not
 * served.
 *
 * @throws TypeError naming every setting that is missing.
 */
export function ntlm(login: NtlmLogin): ConnectionScheme {
  const { username, password } = login;
  requireSettings('ntlm', { username, password });
  const user = userOf(login);
  const workstation = login.workstation ?? hostname();
  const prove = (challenge: Buffer): Buffer =>
    authenticateMessage(challenge, user, {
      clientChallenge: randomBytes(8),
      now: new Date(),
      workstation,
    });
  const identity = `${user.domain}\\${user.username}`.toLowerCase();
  return { identity, connect: (wire) => new NtlmConnections(wire, prove) };
}

function userOf({ username, password, domain }: NtlmLogin): NtlmUser {
  const backslash = username.indexOf('\\');
  const named = { password, username: username.slice(backslash + 1) };
  return { ...named, domain: domain ?? (backslash === -1 ? '' : username.slice(0, backslash)) };
}

/** The header's two names for it: some servers offer NTLM only inside `Negotiate`. */
type SchemeName = 'NTLM' | 'Negotiate';

/** A server's challenge, and under which name it came. */
interface Challenged {
  readonly scheme: SchemeName;
  readonly message: Buffer;
}

/** Connections of one client, each logged in once. */
class NtlmConnections implements ConnectedLogin {
  private readonly lanes = new Set<Lane>();
  private readonly free: Lane[] = [];
  private readonly loggedIn = new WeakSet();
  private readonly refusals = new Refusals();
  private isProven = false;
  private trial: Promise<TransportAnswer> | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly prove: (challenge: Buffer) => Buffer,
  ) {}

  get timeoutMs(): number {
    return this.wire.timeoutMs;
  }

  authorize(headers: OutgoingHeaders): OutgoingHeaders {
    return headers;
  }

  async send(request: TransportRequest): Promise<TransportAnswer> {
    // The one used last is the least likely to have been closed meanwhile.
    const lane = this.free.pop() ?? this.newLane();
    try {
      return await this.sendBy(lane, request);
    } finally {
      this.free.push(lane);
    }
  }

  close(): void {
    for (const lane of this.lanes) lane.close();
  }

  private newLane(): Lane {
    const lane = new Lane();
    this.lanes.add(lane);
    return lane;
  }

  private async sendBy(lane: Lane, request: TransportRequest): Promise<TransportAnswer> {
    const { latest } = lane;
    if (latest?.destroyed === false && this.loggedIn.has(latest)) {
      const answer = await this.wire.send({ ...request, lane });
      // NOTE: 401 here: the connection was replaced in the last moment, or the server has forgotten.
      if (answer.status !== 401) return answer;
    }
    return await this.tryAndSend(lane, request);
  }

  /** NOTE: a password that was never accepted is tried by one request at a time: accounts get locked. */
  private async tryAndSend(lane: Lane, request: TransportRequest): Promise<TransportAnswer> {
    while (this.trial !== undefined) await this.trial.catch(() => undefined);
    const answer = this.refusals.attempt(() => this.logInAndSend(lane, request));
    if (this.isProven) return await answer;
    this.trial = answer;
    try {
      const received = await answer;
      this.isProven = true;
      return received;
    } finally {
      this.trial = undefined;
    }
  }

  /** Once more when the connection broke between the two parts of the handshake. */
  private async logInAndSend(lane: Lane, request: TransportRequest): Promise<TransportAnswer> {
    const first = await this.handshake(lane, request);
    return first ?? (await this.handshake(lane, request)) ?? fail('The connection never lasts');
  }

  /** Undefined when the two requests went by different connections. */
  private async handshake(
    lane: Lane,
    request: TransportRequest,
  ): Promise<TransportAnswer | undefined> {
    const challenged = await this.challenge(lane, request);
    if (challenged === undefined) return await this.wire.send({ ...request, lane });
    const { latest: connection } = lane;
    const proof = `${challenged.scheme} ${this.proofFor(challenged).toString('base64')}`;
    const headers = { ...request.headers, Authorization: proof };
    const answer = await this.wire.send({ ...request, headers, lane });
    if (answer.status === 401) return lane.latest === connection ? refused(answer) : undefined;
    if (lane.latest !== undefined) this.loggedIn.add(lane.latest);
    return withoutProof(answer, proof);
  }

  private proofFor({ message }: Challenged): Buffer {
    try {
      return this.prove(message);
    } catch (error) {
      if (error instanceof RangeError)
        fail(`The server's NTLM challenge is wrong: ${error.message}`);
      throw error;
    }
  }

  /** Undefined when the server serves without a login. */
  private async challenge(lane: Lane, request: TransportRequest): Promise<Challenged | undefined> {
    const offered = await this.negotiate(lane, request, 'NTLM');
    if (offered.status !== 401) return undefined;
    const direct = challengeIn(offered, 'NTLM');
    if (direct !== undefined) return direct;
    const offers = offered.headers['www-authenticate'] ?? '';
    const inside = /\bnegotiate\b/i.test(offers)
      ? challengeIn(await this.negotiate(lane, request, 'Negotiate'), 'Negotiate')
      : undefined;
    return inside ?? fail(whyNot(offers));
  }

  /**
   * NOTE: a GET, whatever the request is: a server that asks for no login on this path would carry
   * out a POST without a body.
   */
  private async negotiate(
    lane: Lane,
    { url, signal }: TransportRequest,
    scheme: SchemeName,
  ): Promise<TransportAnswer> {
    const message = negotiateMessage().toString('base64');
    const headers = { Accept: 'application/json', Authorization: `${scheme} ${message}` };
    try {
      return await this.wire.send({ method: 'GET', url, headers, signal, lane });
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error;
      // The request itself has not been sent yet.
      throw new NetworkFailure({ kind: error.kind, sent: false, cause: asError(error.cause) });
    }
  }
}

function challengeIn({ headers }: TransportAnswer, scheme: SchemeName): Challenged | undefined {
  const pattern = new RegExp(`(?:^|,)\\s*${scheme}\\s+([A-Za-z0-9+/]+=*)`, 'i');
  const [, encoded] = pattern.exec(headers['www-authenticate'] ?? '') ?? [];
  return encoded === undefined ? undefined : { scheme, message: Buffer.from(encoded, 'base64') };
}

function refused({ headers }: TransportAnswer): never {
  const offers = namesIn(headers['www-authenticate'] ?? '');
  throw new RefusedPassword(
    `The server refuses the user name or the password (401, it offers ${offers})`,
  );
}

/** NOTE: a proxy that keeps no connections loses the first message, so the server begins anew. */
function whyNot(offers: string): string {
  return /\bntlm\b/i.test(offers)
    ? 'The service offers NTLM, and does not go on with it: is there a proxy between?'
    : `The service offers no NTLM, but ${namesIn(offers)}`;
}

function namesIn(offers: string): string {
  const names = offers.split(',').map((offer) => offer.trim().split(/[\s=]/)[0] ?? '');
  return names.filter((name) => /^[A-Za-z]+$/.test(name)).join(', ') || 'nothing';
}

/** A page of an error may repeat what it was sent. */
function withoutProof(answer: TransportAnswer, proof: string): TransportAnswer {
  const secret = proof.slice(proof.indexOf(' ') + 1);
  if (!answer.text.includes(secret)) return answer;
  return { ...answer, text: answer.text.replaceAll(secret, '[secret]') };
}

function asError(cause: unknown): Error | undefined {
  return cause instanceof Error ? cause : undefined;
}

function fail(reason: string): never {
  throw new LoginFailure(reason);
}
