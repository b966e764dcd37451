/** A token and when it ends. */
export interface Token {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** Renewed so long before its end, but never in the first half of its life. */
const BEFORE_END_MS = 5 * 60_000;

interface HeldToken extends Token {
  readonly renewAt: number;
}

/** A token that is there when it is asked for; one request fetches it for all who wait. */
export class RenewedToken {
  private held: HeldToken | undefined;
  private fetching: Promise<string> | undefined;

  constructor(private readonly fetchToken: () => Promise<Token>) {}

  /**
   * The token: a new one where there is none, or where it will end soon.
   *
   * @throws what fetching throws, unless there is a token that still lives.
   */
  async current(): Promise<string> {
    const { held } = this;
    if (held !== undefined && Date.now() < held.renewAt) return held.text;
    try {
      return await this.renew();
    } catch (error) {
      if (held === undefined || Date.now() >= held.endsAt) throw error;
      return held.text;
    }
  }

  /** Fetch a new one, or wait for who is doing so. */
  renew(): Promise<string> {
    this.fetching ??= this.fetch().finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async fetch(): Promise<string> {
    const token = await this.fetchToken();
    const now = Date.now();
    const beforeEnd = Math.min(BEFORE_END_MS, (token.endsAt - now) / 2);
    this.held = { ...token, renewAt: token.endsAt - beforeEnd };
    return token.text;
  }
}
