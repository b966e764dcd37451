import type { Authenticator } from './authenticator';
import { requireSettings } from './required';

/**
 * Log in with HTTP Basic. Only sensible over https.
 *
 * @throws TypeError naming every setting that is missing, or when the user name holds a colon,
 *   which the scheme cannot carry.
 */
export function basic(login: { username: string; password: string }): Authenticator {
  const { username, password } = login;
  requireSettings('basic', { username, password });
  if (login.username.includes(':')) {
    throw new TypeError('A user name for HTTP Basic cannot hold a colon');
  }
  const token = Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64');
  return {
    identity: login.username.toLowerCase(),
    authorize: (headers) => ({ ...headers, Authorization: `Basic ${token}` }),
  };
}
