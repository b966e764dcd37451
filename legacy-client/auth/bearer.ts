import type { Authenticator } from './authenticator';
import { LoginFailure } from './login-failure';
import { requireSettings } from './required';

/**
 * Log in with a bearer token.
 *
 * @param login - `token`: the token, or a function that fetches one. The function is called for the
 *   first request and again whenever the service stops accepting the token.
 * @throws TypeError when it is neither, or empty.
 */
export function bearer(login: { token: string | (() => Promise<string>) }): Authenticator {
  const { token } = login;
  if (typeof token !== 'function') {
    requireSettings('bearer', { token });
    return { authorize: (headers) => withToken(headers, token) };
  }
  let current: Promise<string> | undefined;
  const fetchToken = (): Promise<string> => {
    const fetched = (async () => required(await token()))();
    current = fetched;
    // A failed fetch is not kept: the next request tries again.
    fetched.catch(() => {
      if (current === fetched) current = undefined;
    });
    return fetched;
  };
  return {
    authorize: async (headers) => withToken(headers, await (current ?? fetchToken())),
    renew: async () => {
      await fetchToken();
    },
  };
}

/** NOTE: what a function gives is no better than what an authority gave it: `undefined`, too. */
function required(token: unknown): string {
  if (typeof token === 'string' && token.trim() !== '') return token;
  throw new LoginFailure('the function that fetches the token gave none');
}

function withToken(
  headers: Readonly<Record<string, string>>,
  token: string,
): Record<string, string> {
  return { ...headers, Authorization: `Bearer ${token}` };
}
