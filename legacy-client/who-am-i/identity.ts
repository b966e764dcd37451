import type { CallOptions } from '../client';

/** Who a service takes us for. Keys are GUIDs in lower case; null where the service tells none. */
export interface LegacyIdentity {
  readonly userId: string | null;
  readonly businessUnitId: string | null;
  readonly organizationId: string | null;
}

/** Options of `LegacyClient.whoAmI`. */
export interface WhoAmIOptions extends CallOptions {
  /**
   * Check these instead of the client's own login: somebody's user name and password, sent in the
   * envelope and nowhere else. Only on Dynamics 2011, and only over https or to this machine.
   */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** Of a service that knows no users. */
export const NOBODY: LegacyIdentity = { userId: null, businessUnitId: null, organizationId: null };

/**
 * Read an identity by the names that Dynamics gives its parts.
 *
 * @returns undefined when it names no user.
 */
export function identityOf(
  said: Readonly<Partial<Record<string, unknown>>>,
): LegacyIdentity | undefined {
  const { UserId, BusinessUnitId, OrganizationId } = said;
  const userId = guidIn(UserId);
  if (userId === null) return undefined;
  const [businessUnitId, organizationId] = [guidIn(BusinessUnitId), guidIn(OrganizationId)];
  return { userId, businessUnitId, organizationId };
}

function guidIn(value: unknown): string | null {
  const isGuid =
    typeof value === 'string' && /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(value);
  return isGuid ? value.replaceAll(/[{}]/g, '').toLowerCase() : null;
}
