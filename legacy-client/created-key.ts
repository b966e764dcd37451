import { normalisedGuid } from './dialects/guid';

/**
 * The key of a created record whose answer has no body: `OData-EntityId` or `Location` end with
 * `…/accounts(c5f2…)`, `…/accounts(accountid=c5f2…)`, `…/AccountSet(guid'c5f2…')`.
 */
export function createdKey(headers: Readonly<Record<string, string>>): string | undefined {
  const address = headers['odata-entityid'] ?? headers.location;
  const key = /\((?:\w+=)?(?:guid)?(?:'|%27)?([0-9a-f-]{36})(?:'|%27)?\)\s*$/i.exec(
    address ?? '',
  )?.[1];
  return key === undefined ? undefined : normalisedGuid(key);
}
