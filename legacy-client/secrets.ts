const SHORTEST = 4;

/** Headers of a request that prove who we are. */
const PROOFS = /^(?:authorization|proxy-authorization|cookie)$/i;

/**
 * Take the credentials of a request out of a text that came back: some proxies and error pages
 * repeat what they were sent.
 */
export function withoutSecrets(text: string, headers: Readonly<Record<string, string>>): string {
  return secretsOf(headers).reduce((clean, secret) => clean.replaceAll(secret, '[secret]'), text);
}

function secretsOf(headers: Readonly<Record<string, string>>): string[] {
  const proofs = Object.entries(headers).filter(([name]) => PROOFS.test(name));
  const parts = proofs.flatMap(([, value]) => [
    value,
    ...value.split(/[\s;]+/).flatMap((part) => [part, part.slice(part.indexOf('=') + 1)]),
  ]);
  const passwords = parts.flatMap((part) => {
    const decoded = Buffer.from(part, 'base64').toString('utf8');
    return decoded.includes(':') ? [decoded.slice(decoded.indexOf(':') + 1)] : [];
  });
  return [...parts, ...passwords]
    .filter((part) => part.length >= SHORTEST && !/^(?:basic|bearer|negotiate|ntlm)$/i.test(part))
    .sort((one, other) => other.length - one.length);
}
