import type { CookieJar } from 'tough-cookie';
import { isHtml } from '../../html';
import { plainCause } from '../../network-failure';
import type { TransportAnswer } from '../../transport';
import type { Wire } from '../authenticator';
import { LoginFailure, RefusedPassword } from '../login-failure';
import { type PageForm, readPage } from './page-forms';

/** What a login by forms needs. */
export interface LoginWalkParts {
  readonly wire: Wire;
  readonly username: string;
  readonly password: string;
  /** Whether the login may go there at all. */
  readonly isTrusted: (address: URL) => boolean;
  /** Filled on the way. */
  readonly jar: CookieJar;
}

/** One request of the way. */
interface Step {
  readonly method: 'GET' | 'POST';
  readonly address: URL;
  readonly body?: string;
}

/** Where a step has led. */
interface Arrived {
  readonly address: URL;
  readonly answer: TransportAnswer;
}

/** A browser gives up later; every known login is shorter. */
const LONGEST_WAY = 20;
/** What a security token travels in: WS-Federation and SAML. */
const TOKEN_FIELDS = new Set(['wresult', 'SAMLResponse']);
const FORM_TYPE = 'application/x-www-form-urlencoded';

/**
 * Goes through a login's pages as a browser does: follows redirects, fills in the form that asks for
 * a password, once, and sends on the forms that carry tokens. Never to a host that is not trusted.
 */
export class LoginWalk {
  private steps = 0;
  private hasSentPassword = false;

  constructor(private readonly parts: LoginWalkParts) {}

  /**
   * Walk from a page that wants a login to the first one that is none.
   *
   * @throws LoginFailure saying where and why it ended.
   */
  async from(address: URL): Promise<void> {
    let arrived = await this.go({ method: 'GET', address });
    for (;;) {
      const next = this.nextStep(arrived);
      if (next === undefined) return;
      arrived = await this.go(next);
    }
  }

  /** Follow redirects to a page. */
  private async go(step: Step): Promise<Arrived> {
    const answer = await this.send(step);
    const { status, headers } = answer;
    if (status < 300 || status === 304) return { address: step.address, answer };
    if (status >= 400) this.refuse(step.address, answer);
    if (status === 307 || status === 308) fail(`${step.address.host} hands a form on (${status})`);
    const { location = '' } = headers;
    if (!URL.canParse(location, step.address.href)) {
      fail(`${step.address.host} answered ${status}, a redirect to nowhere`);
    }
    return await this.go({ method: 'GET', address: new URL(location, step.address) });
  }

  private async send({ method, address, body }: Step): Promise<TransportAnswer> {
    if (!this.parts.isTrusted(address)) {
      fail(
        `it leads to ${address.origin}, which is not trusted. If it belongs to your login, name ` +
          `'${address.host}' in trustedHosts`,
      );
    }
    if ((this.steps += 1) > LONGEST_WAY) fail(`it leads from page to page without an end`);
    const { wire, jar } = this.parts;
    const url = address.href;
    const cookies = jar.getCookieStringSync(url);
    const headers = {
      Accept: 'text/html',
      ...(cookies === '' ? {} : { Cookie: cookies }),
      ...(body === undefined ? {} : { 'Content-Type': FORM_TYPE }),
    };
    try {
      const answer = await wire.send({ method, url, headers, body });
      keepCookies(jar, answer, url);
      return answer;
    } catch (error) {
      const { cause } = error instanceof Error ? error : {};
      return fail(`${address.host} cannot be reached (${plainCause(cause ?? error).message})`);
    }
  }

  /** Undefined at the end of the way. */
  private nextStep({ address, answer }: Arrived): Step | undefined {
    const { headers, text } = answer;
    if (!isHtml(headers['content-type'] ?? '', text)) return undefined;
    const { forms, errorText } = readPage(text, address);
    const login = forms.find((form) => form.login !== undefined);
    if (login !== undefined) {
      if (this.hasSentPassword) {
        throw new RefusedPassword(this.said(errorText) || 'the login page came again');
      }
      this.hasSentPassword = true;
      return stepOf(login, this.filledIn(login));
    }
    const carrier = forms.find(({ fields }) => fields.some(([name]) => TOKEN_FIELDS.has(name)));
    if (carrier !== undefined) return stepOf(carrier, carrier.fields);
    if (errorText !== '' && this.hasSentPassword) fail(this.said(errorText));
    return undefined;
  }

  private filledIn({ fields, login }: PageForm): PageForm['fields'] {
    const { username, password } = this.parts;
    return fields.map(([name, value]) => {
      if (name === login?.password) return [name, password];
      return [name, name === login?.username ? username : value];
    });
  }

  private refuse(address: URL, { status, text, headers }: TransportAnswer): never {
    const isPage = isHtml(headers['content-type'] ?? '', text);
    const words = isPage ? this.said(readPage(text, address).errorText) : '';
    return fail(`${address.host} answered ${status}${words === '' ? '' : `: ${words}`}`);
  }

  private said(text: string): string {
    return text.replaceAll(this.parts.password, '[secret]').slice(0, 300);
  }
}

/** Keep what an answer sets; cookies that a host may not set are passed over. */
export function keepCookies(jar: CookieJar, { setCookies }: TransportAnswer, url: string): void {
  for (const cookie of setCookies) jar.setCookieSync(cookie, url, { ignoreError: true });
}

function stepOf({ action, method }: PageForm, fields: PageForm['fields']): Step {
  // NOTE: a form that is sent by GET would put the password into the address, and so into logs.
  if (method !== 'POST') fail(`a form of ${action.host} is not sent by POST`);
  const body = new URLSearchParams([...fields]).toString();
  return { method: 'POST', address: action, body };
}

function fail(reason: string): never {
  throw new LoginFailure(reason);
}
