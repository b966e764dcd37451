import type { TransportAnswer, TransportRequest } from '../transport';

/** Headers of a request on its way out. */
export type OutgoingHeaders = Readonly<Record<string, string>>;

/** One way of proving to the service who we are. */
export interface Authenticator {
  /**
   * Who logs in, without anything secret: clients of one service with the same share its limits. Left
   * out where the scheme does not know; all such clients of a service share them.
   */
  readonly identity?: string;
  /**
   * The request's headers together with the proof.
   *
   * @param url - where the request goes, absolute.
   */
  authorize(headers: OutgoingHeaders, url: string): OutgoingHeaders | Promise<OutgoingHeaders>;
  /**
   * Log in anew, after the service did not accept the proof. Left out by schemes that have nothing
   * newer to offer. The client calls it once for all requests that wait for it.
   */
  renew?(): Promise<void>;
}

/** What carries one request to its answer. */
export interface Wire {
  /** From sending a request to the end of its answer. */
  readonly timeoutMs: number;
  /** Whatever the answer's status; rejects when no complete answer came. */
  send(request: TransportRequest): Promise<TransportAnswer>;
}

/** A scheme that must have a hand in the connection itself, or log in by requests of its own. */
export interface ConnectionScheme {
  /** As {@link Authenticator.identity}. */
  readonly identity?: string;
  /**
   * Called once for each client that is made with the scheme.
   *
   * @param wire - sends as it is, without a login.
   * @param baseUrl - the service root.
   */
  connect(wire: Wire, baseUrl: string): ConnectedLogin;
}

/** A scheme at work for one client: it proves who we are, and carries the client's requests. */
export interface ConnectedLogin extends Authenticator, Wire {
  /** End the connections that are the scheme's own. */
  close(): void;
}
