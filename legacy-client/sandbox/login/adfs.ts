import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FaceAnswer } from '../faces/face';
import { loginFields, loginPage, sendingPage, startPage } from './adfs-pages';
import type { Gate, SandboxCredentials, Stopped } from './gate';

/** The home realm's login page, the resource's token service, and where the CRM takes tokens. */
const PATHS = { login: '/adfs/ls/', tokens: '/rsts/ls/', crm: '/default.aspx' } as const;
const WRONG = 'The user name or password is incorrect.';

/**
 * The forms that an on-premises CRM with claims is entered by: a redirect to the login page, the
 * form with user name and password, a security token in a form that sends itself to the resource's
 * token service, another one to the CRM, which gives its cookies for it.
 */
export class AdfsGate implements Gate {
  private readonly sessions = new Set<string>();
  private readonly secret = randomBytes(32);
  private showsPage = false;

  constructor(private readonly credentials: SandboxCredentials) {}

  stop({ headers, url = '/' }: IncomingMessage): Stopped | undefined {
    if (this.isLoggedIn(headers.cookie)) return undefined;
    const answer = this.showsPage ? loginPage(PATHS.login) : redirectToLogin(url);
    this.showsPage = false;
    return { answer, isLoginStep: false };
  }

  serve({ url = '/', method, headers }: IncomingMessage, body: string): FaceAnswer | undefined {
    const [path] = url.split('?');
    const form = new URLSearchParams(method === 'POST' ? body : '');
    switch (path) {
      case '/':
        return this.isLoggedIn(headers.cookie) ? startPage() : redirectToLogin(url);
      case PATHS.login:
        return method === 'POST' ? this.logIn(url, form) : loginPage(url);
      case PATHS.tokens:
        return this.exchangeToken(form, 'home', () =>
          sendingPage(PATHS.crm, this.token('crm', form.get('wctx') ?? '')),
        );
      case PATHS.crm:
        return this.exchangeToken(form, 'crm', () => this.enter(form.get('wctx') ?? '/'));
      default:
        return undefined;
    }
  }

  expire(page: boolean): void {
    this.sessions.clear();
    this.showsPage = page;
  }

  private logIn(url: string, form: URLSearchParams): FaceAnswer {
    const { username, password } = this.credentials;
    const isComplete = ['__VIEWSTATE', '__EVENTVALIDATION', loginFields.submit].every((name) =>
      form.has(name),
    );
    if (!isComplete) return loginPage(url, 'The form is not complete.');
    const isRight =
      form.get(loginFields.username) === username && form.get(loginFields.password) === password;
    if (!isRight) return loginPage(url, WRONG);
    const context = new URL(url, 'http://sandbox').searchParams.get('wctx') ?? '/';
    const answer = sendingPage(PATHS.tokens, this.token('home', context));
    return {
      ...answer,
      headers: { ...answer.headers, 'set-cookie': 'MSISAuthenticated=1; path=/adfs' },
    };
  }

  /** The context goes to a page of the CRM only, never to another server. */
  private enter(context: string): FaceAnswer {
    const session = randomUUID();
    this.sessions.add(session);
    const location = /^\/(?!\/)/.test(context) ? context : '/';
    const cookie = `MSISAuth=${session}; path=/; HttpOnly`;
    return { status: 302, headers: { location, 'set-cookie': cookie } };
  }

  private token(audience: string, context: string): Record<string, string> {
    const wresult = `<t:RequestSecurityTokenResponse audience="${audience}" id="${randomUUID()}">`;
    return { wa: 'wsignin1.0', wresult: `${wresult}${this.sign(wresult)}`, wctx: context };
  }

  private exchangeToken(
    form: URLSearchParams,
    audience: string,
    next: () => FaceAnswer,
  ): FaceAnswer {
    const wresult = form.get('wresult') ?? '';
    const at = wresult.indexOf('>') + 1;
    const [token, signature] = [wresult.slice(0, at), Buffer.from(wresult.slice(at))];
    const expected = Buffer.from(this.sign(token));
    const isOurs = signature.length === expected.length && timingSafeEqual(signature, expected);
    if (isOurs && token.includes(`audience="${audience}"`)) return next();
    const text =
      '<html><body><span id="ErrorTextLabel">The token is not valid.</span></body></html>';
    return { status: 403, headers: { 'content-type': 'text/html' }, text };
  }

  private sign(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('base64');
  }

  private isLoggedIn(cookies = ''): boolean {
    const pairs = cookies.split(';').map((cookie) => cookie.trim());
    return pairs.some((pair) => pair.startsWith('MSISAuth=') && this.sessions.has(pair.slice(9)));
  }
}

function redirectToLogin(url: string): FaceAnswer {
  const query = new URLSearchParams({ wa: 'wsignin1.0', wtrealm: 'urn:sandbox', wctx: url });
  return { status: 302, headers: { location: `${PATHS.login}?${query.toString()}` } };
}
