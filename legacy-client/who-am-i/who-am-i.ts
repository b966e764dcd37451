import type { Dialect, DialectRequest } from '../dialects/dialect';
import {
  LegacyLoginError,
  LegacyRequestError,
  type LegacyErrorDetails,
  LegacyResponseError,
} from '../errors';
import type { Answer, Exchanger, PartsReader } from '../exchanger';
import { errorOfAnswer, unreadableAnswer } from '../judgement';
import type { Sender } from '../sender';
import { besideRoot, redactedUrl } from '../urls';
import { parseXml } from '../xml/parse';
import { escaped } from '../xml/soap';
import { identityOf, type LegacyIdentity, NOBODY, type WhoAmIOptions } from './identity';
import { envelopeWithToken, EXECUTE, plainEnvelope, readSoapAnswer } from './soap';

/** What asking needs of the client. */
export interface WhoAmIParts {
  readonly root: string;
  readonly dialect: Dialect;
  readonly sender: Sender;
  /** Sends without the client's login. */
  readonly anonymous: Exchanger;
}

/** A request and where it goes. */
interface Asking {
  readonly request: DialectRequest;
  readonly url: string;
  readonly entitySet: string;
}

/**
 * Ask the service who it takes us for: Dataverse's `WhoAmI`, the organization service of Dynamics
 * 2011, the service document of plain OData servers, which only shows that the connection works.
 *
 * @throws LegacyError
 */
export async function whoAmI(
  parts: WhoAmIParts,
  { credentials, ...options }: WhoAmIOptions,
): Promise<LegacyIdentity> {
  const { root, dialect } = parts;
  if (credentials !== undefined) return await whoIs(parts, credentials, options);
  switch (dialect.name) {
    case 'dynamics2011': {
      const { url, ...asking } = soapAsking(root, '/web');
      const headers = { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: `"${EXECUTE}"` };
      const request = { ...asking.request, headers, text: plainEnvelope() };
      return identityInSoap(await sent(parts, { ...asking, request, url }, options), url);
    }
    case 'dataverse': {
      const headers = {
        Accept: 'application/json',
        'OData-Version': '4.0',
        'OData-MaxVersion': '4.0',
      };
      const answer = await sent(parts, asking(root, 'WhoAmI', headers), options);
      return jsonIdentity(answer) ?? unreadable(answer, 'it names no user');
    }
    default: {
      const headers = { Accept: 'application/json, application/atomsvc+xml, application/xml' };
      const answer = await sent(parts, asking(root, '', headers), options);
      return isServiceDocument(textIn(answer))
        ? NOBODY
        : unreadable(answer, 'it is no service document');
    }
  }
}

/** NOTE: without the client's login: the service could take that, and every password would be right. */
async function whoIs(
  { root, dialect, anonymous }: WhoAmIParts,
  credentials: NonNullable<WhoAmIOptions['credentials']>,
  { signal }: WhoAmIOptions,
): Promise<LegacyIdentity> {
  const { url, request, entitySet } = soapAsking(root, '');
  if (dialect.name !== 'dynamics2011' || !isPrivate(new URL(url))) {
    const reason =
      'credentials can be checked on Dynamics 2011 only, over https or on this machine';
    const details = { method: 'POST', url: redactedUrl(url), outcome: 'refused' } as const;
    throw new LegacyRequestError(`The request cannot be sent: ${reason}`, details);
  }
  const text = envelopeWithToken(url, credentials, new Date());
  const headers = { 'Content-Type': 'application/soap+xml; charset=utf-8' };
  const subject = { request: { ...request, headers, text }, url, entitySet, signal };
  const reading = {
    ...subject,
    readParts: textReader([credentials.password, escaped(credentials.password)]),
  };
  const answer = await anonymous.exchange(reading, headers, 1);
  return identityInSoap(answer, url);
}

function asking(root: string, path: string, headers: DialectRequest['headers']): Asking {
  return { request: { method: 'GET', path, headers }, url: `${root}/${path}`, entitySet: path };
}

function soapAsking(root: string, endpoint: string): Asking {
  const url = besideRoot(root, `Organization.svc${endpoint}`);
  const request = { method: 'POST', path: '', headers: {} } as const;
  return { request, url, entitySet: 'Organization.svc' };
}

async function sent(
  { sender }: WhoAmIParts,
  asking: Asking,
  options: WhoAmIOptions,
): Promise<Answer> {
  return await sender.send({ ...asking, ...options, repeatable: true, readParts: textReader() });
}

/** Leaves the text as it is; a SOAP fault is an answer here, whatever its status. */
function textReader(secrets: readonly string[] = []): PartsReader {
  return (received, judged) => {
    const text = secrets.reduce((all, one) => all.replaceAll(one, '[secret]'), received.text);
    const safe = { ...received, text };
    const error = readSoapAnswer(text) === undefined ? errorOfAnswer(safe, judged) : undefined;
    if (error !== undefined) throw error;
    const { status, headers } = safe;
    const failure = (reason: string): LegacyResponseError => unreadableAnswer(reason, safe, judged);
    return [{ status, headers, body: text, parts: [], unreadable: failure }];
  };
}

function textIn({ parts: [answer] }: Answer): string {
  return typeof answer?.body === 'string' ? answer.body : '';
}

function identityInSoap(answer: Answer, address: string): LegacyIdentity {
  const said = readSoapAnswer(textIn(answer)) ?? unreadable(answer, 'it is no answer of WhoAmI');
  if ('identity' in said) return said.identity;
  const { status } = answer;
  const shown = { status, code: said.code, body: '', answered: true };
  const url = redactedUrl(address);
  const details: LegacyErrorDetails = { method: 'POST', url, outcome: 'refused' };
  const words = said.fault === '' ? '' : `: ${said.fault.slice(0, 300)}`;
  if (said.isLogin) throw new LegacyLoginError(`The login failed${words}`, shown, details);
  throw new LegacyResponseError(`The service answered ${status}${words}`, shown, details);
}

function jsonIdentity(answer: Answer): LegacyIdentity | undefined {
  const said = parsed(textIn(answer));
  return typeof said === 'object' && said !== null ? identityOf({ ...said }) : undefined;
}

function isServiceDocument(text: string): boolean {
  const json = parsed(text);
  if (typeof json === 'object' && json !== null) return 'value' in json || 'd' in json;
  try {
    return parseXml(text).name === 'service';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable({ parts: [answer] }: Answer, reason: string): never {
  throw answer?.unreadable(reason) ?? new Error(reason);
}

/** Nobody reads along on the way. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
