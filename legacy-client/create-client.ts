import type { Authenticator, ConnectionScheme } from './auth/authenticator';
import { Session } from './auth/session';
import type { LegacyClient } from './client';
import { createDialect } from './dialects';
import type { DialectCapabilities, DialectName } from './dialects/dialect';
import type { Exchange } from './exchange';
import { Exchanger } from './exchanger';
import type { CircuitOptions } from './limits/circuit';
import type { BudgetOptions } from './limits/request-budget';
import { joinLimits } from './limits/shared-limits';
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
  /**
   * Requests under way at a time at most; default 40, below Dataverse's limit of 52. It begins with
   * 8, grows while that goes well, and is halved when the service throttles or becomes slow. All
   * clients of the process that have the same `baseUrl` and user share that, and every pause that the
   * service asks for; together they keep to the largest of their `maxConcurrency`.
   */
  readonly maxConcurrency?: number;
  /**
   * How many requests may be sent a minute and a day; without it as many as the service takes. Those of
   * all clients with the same `baseUrl` and user count, and all keep to the smallest of their budgets.
   */
  readonly budget?: BudgetOptions;
  /** When to fail at once instead of asking a service that is down; shared by clients that say the same. */
  readonly circuit?: CircuitOptions;
  /** Records in a page, where the dialect can ask for it: OData v4. */
  readonly pageSize?: number;
  /**
   * Bytes of one answer at most, decompressed; default 64 MiB. What is longer is an error, and no more
   * of it is read: whoever sends answers without end could otherwise take all the memory.
   */
  readonly maxAnswerBytes?: number;
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
  const { timeoutMs = 30_000, maxAttempts = 4, maxConcurrency = 40, pageSize } = options;
  const { budget, circuit, maxAnswerBytes } = options;
  positive({ timeoutMs, maxAttempts, maxConcurrency, pageSize, maxAnswerBytes });
  requireBudget(budget);
  requireCircuit(circuit);
  const root = serviceRoot(options.baseUrl);
  const dialect = createDialect(options.dialect, options.capabilities);
  const transport = new Transport(timeoutMs, maxAnswerBytes);
  const { auth } = options;
  const isScheme = auth !== undefined && 'connect' in auth;
  const login = isScheme ? auth.connect(transport, root) : undefined;
  const { onExchange } = options;
  const limits = joinLimits(
    { root, identity: auth?.identity ?? '' },
    { maxConcurrency, slowMs: timeoutMs / 3, budget, circuit },
  );
  const sender = new Sender({
    exchanger: new Exchanger({ transport: login ?? transport, dialect, onExchange }),
    limiter: limits.limiter,
    circuit: limits.circuit,
    session: new Session(isScheme ? login : auth),
    maxAttempts,
  });
  const onClose = (): void => {
    login?.close();
    transport.close();
    limits.leave();
  };
  const anonymous = new Exchanger({ transport, dialect, onExchange });
  return new ODataClient({
    ...{ root, dialect, sender, anonymous },
    ...{ pageSize, maxConcurrency, onClose },
  });
}

function positive(numbers: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} must be a whole number above 0, not ${value}`);
    }
  }
}

function requireBudget({ perMinute, perDay, reserve = 0 }: BudgetOptions = {}): void {
  positive({ 'budget.perMinute': perMinute, 'budget.perDay': perDay });
  if (reserve >= 0 && reserve < 1) return;
  throw new RangeError(`budget.reserve must be from 0 to below 1, not ${reserve}`);
}

function requireCircuit({ failures, openMs }: CircuitOptions = {}): void {
  positive({ 'circuit.failures': failures, 'circuit.openMs': openMs });
}
