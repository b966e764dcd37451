import { adfsForms } from './adfs/adfs-forms';
import { basic } from './basic';
import { bearer } from './bearer';
import { clientCredentials } from './client-credentials';
import { ntlm } from './ntlm/ntlm';

/** The ways to log in: `auth.basic({ username, password })`, `auth.bearer({ token })` … */
export const auth = {
  /** Through the login page of AD FS: Dynamics with claims, on premises. */
  adfsForms,
  /** With a user name and a password, sent with each request. */
  basic,
  /** With a token, or a function that gets one. */
  bearer,
  /** As an application, by OAuth 2 client credentials: Dataverse. */
  clientCredentials,
  /** With a Windows account (NTLMv2): Dynamics in its own network. */
  ntlm,
};
