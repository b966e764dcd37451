import { X509Certificate } from 'node:crypto';
import type { ConfidentialClientApplication } from '@azure/msal-node';
import type { TransportAnswer, TransportRequest } from '../transport';
import type { ConnectedLogin, ConnectionScheme, OutgoingHeaders, Wire } from './authenticator';
import { LoginFailure } from './login-failure';
import { MsalNetwork } from './msal-network';
import { requireSettings } from './required';
import { RenewedToken, type Token } from './renewed-token';

/** A certificate that is known to the authority, in place of a secret. */
export interface ClientCertificate {
  /** The certificate itself, PEM. */
  readonly certificate: string;
  /** PEM, unencrypted. */
  readonly privateKey: string;
}

/** An application that is registered at an authority: Microsoft Entra ID, usually. */
export interface ClientCredentialsLogin {
  /** The directory's id or name. */
  readonly tenantId: string;
  /** The application's id. */
  readonly clientId: string;
  /** One of `clientSecret` and `certificate`. */
  readonly clientSecret?: string;
  readonly certificate?: ClientCertificate;
  /** What the token shall be good for; default: the service's own address, without path. */
  readonly resource?: string;
  /** Instead of `resource`, the whole scope; default `{resource}/.default`. */
  readonly scope?: string;
  /** Without the tenant; default `https://login.microsoftonline.com`. */
  readonly authority?: string;
}

const ENTRA_ID = 'https://login.microsoftonline.com';

/**
 * Log in as an application by OAuth 2 client credentials: the way into Dataverse. The token is
 * fetched with the first request, and again five minutes before it ends or when the service no
 * longer takes it: once for all requests that wait for it.
 *
 * @throws TypeError naming every setting that is missing, or saying what is wrong with the
 *   certificate or the authority.
 */
export function clientCredentials(login: ClientCredentialsLogin): ConnectionScheme {
  const { tenantId, clientId, clientSecret, certificate } = login;
  const secret = certificate === undefined ? { 'clientSecret or certificate': clientSecret } : {};
  requireSettings('clientCredentials', { tenantId, clientId, ...secret });
  const authority = authorityOf(login);
  const proof = proofOf(login);
  return {
    identity: clientId,
    connect: (wire, baseUrl) => {
      const { origin } = new URL(baseUrl);
      const scope = login.scope ?? `${(login.resource ?? origin).replace(/\/+$/, '')}/.default`;
      const network = new MsalNetwork(wire);
      const application = loadedOnce({ clientId, authority, ...proof }, network);
      const fetchToken = async (): Promise<Token> => {
        network.forget();
        try {
          return await tokenFrom(await application(), scope);
        } catch (error) {
          throw network.failure ?? withoutSecret(error, clientSecret);
        }
      };
      return new TokenLogin(wire, fetchToken);
    },
  };
}

/** What MSAL is told of the application. */
interface ApplicationProof {
  readonly clientSecret?: string;
  readonly clientCertificate?: { thumbprintSha256: string; privateKey: string; x5c: string };
}

function authorityOf({ authority = ENTRA_ID, tenantId }: ClientCredentialsLogin): string {
  if (URL.canParse(authority) && new URL(authority).protocol === 'https:') {
    return `${authority.replace(/\/+$/, '')}/${encodeURIComponent(tenantId)}`;
  }
  throw new TypeError('auth.clientCredentials needs an https address as authority');
}

function proofOf({ clientSecret, certificate }: ClientCredentialsLogin): ApplicationProof {
  if (certificate === undefined) return clientSecret === undefined ? {} : { clientSecret };
  const { certificate: x5c, privateKey } = certificate;
  try {
    const thumbprintSha256 = new X509Certificate(x5c).fingerprint256.replaceAll(':', '');
    return { clientCertificate: { thumbprintSha256, privateKey, x5c } };
  } catch {
    // NOTE: without the cause, which can quote the text.
    throw new TypeError('auth.clientCredentials needs a certificate in PEM form');
  }
}

type Application = () => Promise<ConfidentialClientApplication>;

/** NOTE: MSAL is large; only who logs in so waits for it, and only once. */
function loadedOnce(
  { authority, ...application }: ApplicationProof & { clientId: string; authority: string },
  network: MsalNetwork,
): Application {
  let loaded: ReturnType<Application> | undefined;
  const load: Application = async () => {
    const { ConfidentialClientApplication: Confidential } = await import('@azure/msal-node');
    // The authority was named by the application: nobody else needs to be asked whether it is one.
    const knownAuthorities = [new URL(authority).host];
    return new Confidential({
      auth: { ...application, authority, knownAuthorities },
      system: { networkClient: network, disableInternalRetries: true },
    });
  };
  return () => (loaded ??= load());
}

async function tokenFrom(
  application: ConfidentialClientApplication,
  scope: string,
): Promise<Token> {
  // What is held is held here, with its own time of renewal.
  const request = { scopes: [scope], skipCache: true };
  const granted = await application.acquireTokenByClientCredential(request);
  if (granted === null) throw new LoginFailure('The authority gave no token');
  return { text: granted.accessToken, endsAt: granted.expiresOn?.getTime() ?? Date.now() };
}

/** The first line of what an authority says: code and reason; traces and times follow. */
function withoutSecret(error: unknown, secret: string | undefined): LoginFailure {
  const [words = ''] = (error instanceof Error ? error.message : '').split(/[\r\n]/);
  return new LoginFailure(secret === undefined ? words : words.replaceAll(secret, '[secret]'));
}

/** A client's login by a token that is renewed. */
class TokenLogin implements ConnectedLogin {
  private readonly token: RenewedToken;

  constructor(
    private readonly wire: Wire,
    fetchToken: () => Promise<Token>,
  ) {
    this.token = new RenewedToken(fetchToken);
  }

  get timeoutMs(): number {
    return this.wire.timeoutMs;
  }

  async authorize(headers: OutgoingHeaders): Promise<OutgoingHeaders> {
    return { ...headers, Authorization: `Bearer ${await this.token.current()}` };
  }

  async renew(): Promise<void> {
    await this.token.renew();
  }

  send(request: TransportRequest): Promise<TransportAnswer> {
    return this.wire.send(request);
  }

  close(): void {
    // It has no connections of its own.
  }
}
