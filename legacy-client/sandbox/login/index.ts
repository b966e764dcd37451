import { AdfsGate } from './adfs';
import { BasicGate } from './basic';
import { BearerGate } from './bearer';
import type { Gate, SandboxCredentials, SandboxLogin } from './gate';
import { NtlmGate } from './ntlm';

/** Who may enter, unless the options name another. */
const usual: SandboxCredentials = { username: 'sandbox', password: 'sandbox' };

const gates: Record<SandboxLogin, (credentials: SandboxCredentials) => Gate | undefined> = {
  none: () => undefined,
  basic: (credentials) => new BasicGate(credentials),
  bearer: (credentials) => new BearerGate(credentials),
  ntlm: (credentials) => new NtlmGate(credentials),
  adfs: (credentials) => new AdfsGate(credentials),
};

/** The names of all kinds of logins. */
export const sandboxLogins = Object.keys(gates) as readonly SandboxLogin[];

/**
 * Make what stands before the services.
 *
 * @param login - by default `basic` with credentials, and without them `none`.
 */
export function gateOf(
  login: SandboxLogin | undefined,
  credentials: SandboxCredentials | undefined,
): Gate | undefined {
  const chosen = login ?? (credentials === undefined ? 'none' : 'basic');
  return gates[chosen](accountOf(credentials));
}

/** The only account that there is. */
export function accountOf(credentials: SandboxCredentials | undefined): SandboxCredentials {
  return credentials ?? usual;
}
