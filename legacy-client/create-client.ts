import type { Authenticator, ConnectionScheme } from './auth/authenticator';
import { Session } from './auth/session';
import type { LegacyClient } from './client';
import { createDialect } from './dialects';
import type { DialectCapabilities, DialectName } from './dialects/dialect';
import type { Exchange } from './exchange';
import { Exchanger } from './exchanger';
import { Limiter } from './limiter';
import { ODataClient } from './odata-client';
import { Sender } from './sender';
import { Transport } from './transport';
import { serviceRoot } from './urls';

/** How to reach an OData service, and how to treat it. */
export interface LegacyClientOptions {
  /** The service root, without credentials: `https://crm.example/XRMServices/2011/OrganizationData.svc`. */
  readonly baseUrl: string;
  readonly dialect: DialectName;
  /** What this one server is known to do otherwise than its dialect says. */
  readonly capabilities?: Partial<DialectCapabilities>;
  /** How to log in; left out for services that ask nobody. */
  readonly auth?: Authenticator | ConnectionScheme;
  /** From sending a request to the end of its answer; default 30,000. */
  readonly timeoutMs?: number;
  /** How often a request is sent at most, where a repeat harms nothing; default 4. */
  readonly maxAttempts?: number;
  /** Requests under way at a time; default 8. */
  readonly maxConcurrency?: number;
  /** Records in a page, where the dialect can ask for it: OData v4. */
  readonly pageSize?: number;
  /** Told of every exchange, failed ones included; values and credentials are never in it. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/**
 * Connect to an OData service. Nothing is sent before the first call.
 *
 * @throws TypeError or RangeError when an option cannot be.
 * @example
 * const client = createLegacyClient({
 *   baseUrl: 'https://crm.example/XRMServices/2011/OrganizationData.svc',
 *   dialect: 'dynamics2011',
 *   auth: auth.basic({ username, password }),
 * });
 */
export function createLegacyClient(options: LegacyClientOptions): LegacyClient {
  const { timeoutMs = 30_000, maxAttempts = 4, maxConcurrency = 8, pageSize } = options;
  positive({ timeoutMs, maxAttempts, maxConcurrency, pageSize });
  const root = serviceRoot(options.baseUrl);
  const dialect = createDialect(options.dialect, options.capabilities);
  const transport = new Transport(timeoutMs);
  const { auth } = options;
  const isScheme = auth !== undefined && 'connect' in auth;
  const login = isScheme ? auth.connect(transport, root) : undefined;
  const sender = new Sender({
    exchanger: new Exchanger({
      transport: login ?? transport,
      dialect,
      onExchange: options.onExchange,
    }),
    limiter: new Limiter(maxConcurrency),
    session: new Session(isScheme ? login : auth),
    maxAttempts,
  });
  const onClose = (): void => {
    login?.close();
    transport.close();
  };
  return new ODataClient({ root, dialect, sender, pageSize, maxConcurrency, onClose });
}

function positive(numbers: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} must be a whole number above 0, not ${value}`);
    }
  }
}
