import { CookieJar } from 'tough-cookie';
import type { TransportAnswer, TransportRequest } from '../../transport';
import type { ConnectedLogin, ConnectionScheme, OutgoingHeaders, Wire } from '../authenticator';
import { LoginFailure } from '../login-failure';
import { Refusals } from '../refusals';
import { requireSettings } from '../required';
import { JarFile, type JarFileOptions } from './jar-file';
import { keepCookies, LoginWalk } from './login-walk';

/** An account at an AD FS, whose login page stands before an on-premises CRM. */
export interface AdfsFormsLogin {
  readonly username: string;
  readonly password: string;
  /**
   * The AD FS that knows the account: `https://sts.example.test/adfs/ls/`. It is named to the CRM as
   * the home realm, and its host may be given the password.
   */
  readonly adfsUrl: string;
  /** Where the login begins; default: the root of the service's host. */
  readonly startUrl?: string;
  /** Other hosts on the way, as `host` or `host:port`: the CRM's own token service. */
  readonly trustedHosts?: readonly string[];
  /** Keep the cookies over restarts. */
  readonly jar?: JarFileOptions;
}

/**
 * Log in through the login page of AD FS: the page's form is filled in, the tokens that follow are
 * sent on, and the cookies at the end of the way prove who we are. The login begins with the first
 * request, and again when the service turns one away, once for all requests that wait. Password and
 * tokens go to the service's host, the one of `adfsUrl` and `trustedHosts`, and nowhere else; over
 * plain http only where the service itself is.
 *
 * @throws TypeError naming every setting that is missing, or the address that is none.
 */
export function adfsForms(login: AdfsFormsLogin): ConnectionScheme {
  const { username, password, adfsUrl, startUrl, jar } = login;
  const kept = jar === undefined ? {} : { 'jar.file': jar.file, 'jar.key': jar.key };
  requireSettings('adfsForms', { username, password, adfsUrl, ...kept });
  for (const [name, address] of Object.entries({ adfsUrl, startUrl })) {
    if (address === undefined || URL.canParse(address)) continue;
    throw new TypeError(`auth.adfsForms needs an address as ${name}`);
  }
  const identity = login.username.toLowerCase();
  return { identity, connect: (wire, baseUrl) => new CookieLogin(login, wire, baseUrl) };
}

/** A client's login by cookies. */
class CookieLogin implements ConnectedLogin {
  private readonly file: JarFile | undefined;
  private readonly refusals = new Refusals();
  private jar: CookieJar | undefined;
  private entering: Promise<CookieJar> | undefined;

  constructor(
    private readonly login: AdfsFormsLogin,
    private readonly wire: Wire,
    private readonly baseUrl: string,
  ) {
    const owner = `${login.username}\n${baseUrl}`;
    this.file = login.jar && new JarFile(login.jar, owner);
  }

  get timeoutMs(): number {
    return this.wire.timeoutMs;
  }

  async authorize(headers: OutgoingHeaders, url: string): Promise<OutgoingHeaders> {
    const jar = this.jar ?? (await this.once(() => this.enter()));
    return { ...headers, Cookie: jar.getCookieStringSync(url) };
  }

  async renew(): Promise<void> {
    await this.once(() => this.logIn());
  }

  async send(request: TransportRequest): Promise<TransportAnswer> {
    const answer = await this.wire.send(request);
    if (this.jar !== undefined) this.keep(this.jar, answer, request.url);
    return answer;
  }

  close(): void {
    // It has no connections of its own.
  }

  /** NOTE: some answers set a cookie each time; only what changes the proof is worth a write. */
  private keep(jar: CookieJar, answer: TransportAnswer, url: string): void {
    const before = jar.getCookieStringSync(url);
    keepCookies(jar, answer, url);
    if (jar.getCookieStringSync(url) !== before) void this.file?.save(jar);
  }

  /** One login for all who wait for it. */
  private once(work: () => Promise<CookieJar>): Promise<CookieJar> {
    this.entering ??= work().finally(() => {
      this.entering = undefined;
    });
    return this.entering;
  }

  private async enter(): Promise<CookieJar> {
    const kept = await this.file?.load();
    if (kept === undefined || !this.hasCookies(kept)) return await this.logIn();
    this.jar = kept;
    return kept;
  }

  private async logIn(): Promise<CookieJar> {
    const { username, password } = this.login;
    const jar = new CookieJar();
    const isTrusted = this.trust();
    const walk = new LoginWalk({ wire: this.wire, username, password, isTrusted, jar });
    await this.refusals.attempt(() => walk.from(this.start()));
    if (!this.hasCookies(jar)) {
      throw new LoginFailure('it ended without a cookie for the service');
    }
    this.jar = jar;
    await this.file?.save(jar);
    return jar;
  }

  private start(): URL {
    const start = new URL(this.login.startUrl ?? '/', this.baseUrl);
    if (!start.searchParams.has('whr')) start.searchParams.set('whr', this.login.adfsUrl);
    return start;
  }

  private trust(): (address: URL) => boolean {
    const { adfsUrl, startUrl, trustedHosts = [] } = this.login;
    const service = new URL(this.baseUrl);
    const named = [adfsUrl, startUrl ?? this.baseUrl].map((address) => new URL(address).host);
    const hosts = new Set([service.host, ...named, ...trustedHosts]);
    const protocols = new Set(['https:', service.protocol]);
    return ({ host, protocol }) => hosts.has(host) && protocols.has(protocol);
  }

  private hasCookies(jar: CookieJar): boolean {
    return jar.getCookieStringSync(`${this.baseUrl}/`) !== '';
  }
}
