import type { Authenticator } from './authenticator';

/**
 * Log in with HTTP Basic. Only sensible over https.
 *
 * @throws TypeError when the user name holds a colon, which the scheme cannot carry.
 */
export function basic(login: { username: string; password: string }): Authenticator {
  if (login.username.includes(':')) {
    throw new TypeError('A user name for HTTP Basic cannot hold a colon');
  }
  const token = Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64');
  return { authorize: (headers) => ({ ...headers, Authorization: `Basic ${token}` }) };
}
