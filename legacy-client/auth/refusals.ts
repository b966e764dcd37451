import { RefusedPassword } from './login-failure';

/** As long as directories usually count refused passwords before they forget them, or longer. */
const REMEMBERED_MS = 60_000;

/** Remembers that a password was refused: hundreds of waiting requests must not try it each. */
export class Refusals {
  private latest: { readonly error: RefusedPassword; readonly until: number } | undefined;

  /**
   * Try a password, unless it was refused a moment ago.
   *
   * @throws RefusedPassword the same again, within a minute.
   */
  async attempt<Result>(logIn: () => Promise<Result>): Promise<Result> {
    const { latest } = this;
    if (latest !== undefined && Date.now() < latest.until) throw latest.error;
    try {
      return await logIn();
    } catch (error) {
      if (error instanceof RefusedPassword) {
        this.latest = { error, until: Date.now() + REMEMBERED_MS };
      }
      throw error;
    }
  }
}
