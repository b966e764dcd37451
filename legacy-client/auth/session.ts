import type { Authenticator, OutgoingHeaders } from './authenticator';

/** Headers with the proof of a login, and which login that was. */
export interface AuthorizedHeaders {
  readonly headers: OutgoingHeaders;
  /** Counts renewals: 0, 1, 2 … */
  readonly login: number;
}

/** The login that all requests of a client share. */
export class Session {
  private login = 0;
  private renewal: Promise<void> | undefined;

  constructor(private readonly authenticator: Authenticator | undefined) {}

  /** Add the proof; waits for a renewal that is under way. */
  async authorize(headers: OutgoingHeaders, url: string): Promise<AuthorizedHeaders> {
    await this.renewal?.catch(() => undefined);
    const { login } = this;
    const authorized = await this.authenticator?.authorize(headers, url);
    return { headers: authorized ?? headers, login };
  }

  /**
   * Log in anew unless somebody has since the given login.
   *
   * @returns false where the scheme has nothing newer to offer.
   */
  async renew(rejected: number): Promise<boolean> {
    if (this.authenticator?.renew === undefined) return false;
    if (rejected === this.login) {
      this.renewal ??= this.logIn(this.authenticator.renew.bind(this.authenticator));
      await this.renewal;
    }
    return true;
  }

  private async logIn(renew: () => Promise<void>): Promise<void> {
    try {
      await renew();
      this.login += 1;
    } finally {
      this.renewal = undefined;
    }
  }
}
