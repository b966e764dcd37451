/**
 * Check a service root and bring it into one form.
 *
 * @returns without a slash at the end.
 * @throws TypeError when it is no plain http(s) address; credentials belong into `auth`.
 */
export function serviceRoot(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new TypeError('baseUrl must be the http or https address of an OData service root');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('baseUrl must not hold credentials: pass them as auth');
  }
  if (url.search !== '' || url.hash !== '') {
    throw new TypeError(
      'baseUrl must end with the path of the service root: no query, no fragment',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** The address of what stands beside the service root of Dynamics 2011: `Organization.svc/web`. */
export function besideRoot(root: string, path: string): string {
  return `${root.replace(/\/OrganizationData\.svc$/i, '')}/${path}`;
}

/**
 * Take out of an address what could be personal or secret.
 *
 * @returns `https://crm.example/AccountSet?$filter&$top`: path and names of options.
 */
export function redactedUrl(address: string): string {
  if (!URL.canParse(address)) return '(not an address)';
  const url = new URL(address);
  const names = [...new Set(url.searchParams.keys())];
  return url.origin + url.pathname + (names.length === 0 ? '' : `?${names.join('&')}`);
}

/** Resolve an address of an answer against the service root; undefined when it is none. */
export function resolveAddress(address: string, root: string): URL | undefined {
  return URL.canParse(address, `${root}/`) ? new URL(address, `${root}/`) : undefined;
}
