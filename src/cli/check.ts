import {
  type LegacyClient,
  LegacyError,
  LegacyLoginError,
  LegacyResponseError,
  LegacyUnavailableError,
  type LegacyEntity,
  type LegacyIdentity,
} from '../../legacy-client';
import type { DualWrite } from '../sync';

/** Whether one mapped entity answers. */
export interface EntityCheck {
  readonly model: string;
  readonly entitySet: string;
  /** Mapped properties that were asked for. */
  readonly properties: number;
  /** What is wrong; empty when all is well. */
  readonly problems: readonly string[];
}

/** What a look at the legacy system has shown. Plain data. */
export interface ConnectionCheck {
  readonly dialect: string;
  readonly baseUrl: string;
  /** Null when it could not be asked. */
  readonly identity: LegacyIdentity | null;
  /** Whether a create may name the key of its record, as far as it is known without one. */
  readonly clientKeys: 'yes' | 'probe' | 'no';
  /** Empty when the login works. */
  readonly problems: readonly string[];
  /** Not asked when nobody is let in. */
  readonly entities: readonly EntityCheck[];
}

/**
 * Look whether the legacy system lets one in, and whether it has what is mapped: one record of each
 * entity with all its properties is asked for, and nothing is written.
 */
export async function checkConnection({
  client,
  mappings,
}: Pick<DualWrite, 'client' | 'mappings'>): Promise<ConnectionCheck> {
  const { dialect, baseUrl } = client;
  const said = { dialect: dialect.name, baseUrl, clientKeys: dialect.clientKeys };
  let identity: LegacyIdentity | null = null;
  const problems: string[] = [];
  try {
    identity = await client.whoAmI();
  } catch (error) {
    problems.push(wordsOf(error));
    const isShut = error instanceof LegacyLoginError || error instanceof LegacyUnavailableError;
    if (isShut) return { ...said, identity, problems, entities: [] };
  }
  const entities: EntityCheck[] = [];
  for (const { name: model, entity } of mappings.values()) {
    const { entitySet, properties } = entity;
    const found = await problemsOf(client, entity);
    entities.push({ model, entitySet, properties: properties.length, problems: found });
  }
  return { ...said, identity, problems, entities };
}

/** First all properties at once; where that fails, which of them it is. */
async function problemsOf(client: LegacyClient, entity: LegacyEntity): Promise<string[]> {
  const whole = await problemOf(client, entity);
  if (whole === undefined) return [];
  if (!whole.isRefusal || (await problemOf(client, { ...entity, properties: [] }))) {
    return [whole.words];
  }
  const found: string[] = [];
  for (const property of entity.properties) {
    const problem = await problemOf(client, { ...entity, properties: [property] });
    if (problem) found.push(`${property.name}: ${problem.words}`);
  }
  return found.length === 0 ? [whole.words] : found;
}

interface Problem {
  readonly words: string;
  /** The service refused it, so that asking for less may tell more. */
  readonly isRefusal: boolean;
}

async function problemOf(client: LegacyClient, entity: LegacyEntity): Promise<Problem | undefined> {
  try {
    const [record] = await client.list(entity, { top: 1 });
    const missing = entity.properties.filter(({ name }) => record && !(name in record.values));
    if (missing.length === 0) return undefined;
    const names = missing.map(({ name }) => name).join(', ');
    return { words: `the answer leaves out ${names}`, isRefusal: false };
  } catch (error) {
    if (!(error instanceof LegacyError)) throw error;
    return { words: wordsOf(error), isRefusal: error instanceof LegacyResponseError };
  }
}

/** The reason of a broken connection is in its cause. */
function wordsOf(error: unknown): string {
  if (!(error instanceof LegacyError)) throw error;
  const { message, cause } = error;
  const isSaid = !(cause instanceof Error) || message.includes(cause.message);
  return isSaid ? message : `${message}: ${cause.message}`;
}
