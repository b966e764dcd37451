const LOGIN_WORDS =
  /type\s*=\s*["']?password|SAMLRe(?:quest|sponse)|wresult|wsignin|\b(?:log|sign)[ -]?(?:in|on)\b/i;
/** Of WS-Federation (`wa=wsignin1.0`) and SAML. */
const LOGIN_PARAMETERS = ['wa', 'wtrealm', 'SAMLRequest'];
const LOGIN_ADDRESS = /\b(?:adfs|login|logon|signin|sign-in|wsfed|saml2?|oauth2?|authorize|sso)\b/i;

/** Tell whether an answer is a page for people instead of data. */
export function isHtml(contentType: string, text: string): boolean {
  return /\bhtml\b/i.test(contentType) || /^\s*<(?:!doctype\s+html|html)\b/i.test(text);
}

/** Tell whether a page asks for a login, or carries one on by a form that sends itself. */
export function isLoginPage(text: string): boolean {
  return LOGIN_WORDS.test(text);
}

/** Tell whether a redirect leads to a login. */
export function isLoginAddress({ host, pathname, searchParams }: URL): boolean {
  return (
    LOGIN_ADDRESS.test(host + pathname) || LOGIN_PARAMETERS.some((name) => searchParams.has(name))
  );
}

/** The page without what its form fields hold: those of a login can be credentials. */
export function withoutFieldValues(text: string): string {
  return text.replace(/\bvalue\s*=\s*(?:"[^"]*"?|'[^']*'?)/gi, 'value=""');
}
