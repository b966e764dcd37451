/** Headers of a request on its way out. */
export type OutgoingHeaders = Readonly<Record<string, string>>;

/** One way of proving to the service who we are. */
export interface Authenticator {
  /** The request's headers together with the proof. */
  authorize(headers: OutgoingHeaders): OutgoingHeaders | Promise<OutgoingHeaders>;
  /**
   * Log in anew, after the service did not accept the proof. Left out by schemes that have nothing
   * newer to offer. The client calls it once for all requests that wait for it.
   */
  renew?(): Promise<void>;
}
