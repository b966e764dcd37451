import { childrenOf, elementOf, parseXml, textOf, type XmlElement } from '../xml/parse';
import type { FaceAnswer } from './faces/face';
import type { SandboxCredentials } from './login/gate';

/** Who everybody is who is let in. */
export const sandboxIdentity = {
  UserId: '5a4d0b0c-0000-4000-8000-000000000001',
  BusinessUnitId: '5a4d0b0c-0000-4000-8000-000000000002',
  OrganizationId: '5a4d0b0c-0000-4000-8000-000000000003',
} as const;

const PATH = /^\/XRMServices\/2011\/Organization\.svc(\/web)?$/i;
const SOAP11 = 'http://schemas.xmlsoap.org/soap/envelope/';
const SOAP12 = 'http://www.w3.org/2003/05/soap-envelope';
const CONTRACTS = 'http://schemas.microsoft.com/xrm/2011/Contracts';

/** The endpoint of the organization service that a URL names. */
export function organizationEndpoint(url: string): 'token' | 'web' | undefined {
  const match = PATH.exec(url.split('?')[0] ?? '');
  if (match === null) return undefined;
  return match[1] === undefined ? 'token' : 'web';
}

/** Answer `/web`, whose callers the gate has let in: SOAP 1.1. */
export function answerWeb(body: string): FaceAnswer {
  const asked = read(body);
  return asked?.version !== SOAP11
    ? fault(SOAP11, 'Client', 'The message is no envelope of SOAP 1.1 that asks WhoAmI.')
    : envelope(SOAP11, answered());
}

/**
 * Answer the endpoint whose callers prove themselves in the envelope: SOAP 1.2 with a user name
 * token and the times between which it is good.
 */
export function answerToken(
  body: string,
  { username, password }: SandboxCredentials,
  now: Date,
): FaceAnswer {
  const asked = read(body);
  if (asked?.version !== SOAP12) {
    return fault(SOAP12, 'Sender', 'The message is no envelope of SOAP 1.2 that asks WhoAmI.');
  }
  const { UsernameToken, Timestamp } = asked.security;
  const { Username, Password } = elementOf(UsernameToken);
  const { Created, Expires } = elementOf(Timestamp);
  const isFresh = new Date(textOf(Created)) <= now && now < new Date(textOf(Expires));
  const isRight = textOf(Username) === username && textOf(Password) === password;
  return isFresh && isRight
    ? envelope(SOAP12, answered())
    : fault(SOAP12, 'InvalidSecurity', NOT_VALIDATED);
}

const NOT_VALIDATED = 'At least one security token in the message could not be validated.';

interface Asked {
  readonly version: string;
  readonly security: XmlElement;
}

/** Undefined when the text is no envelope that asks who one is. */
function read(body: string): Asked | undefined {
  try {
    const { name, root } = parseXml(body);
    const request = elementOf(elementOf(elementOf(root.Body).Execute).request);
    if (name !== 'Envelope' || textOf(request.RequestName) !== 'WhoAmI') return undefined;
    const [security] = childrenOf(elementOf(root.Header), 'Security');
    // NOTE: the parser drops declarations of namespaces.
    const version = [SOAP11, SOAP12].find((one) => body.includes(`"${one}"`)) ?? '';
    return { version, security: elementOf(security) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function answered(): string {
  const pairs = Object.entries(sandboxIdentity).map(
    ([name, id]) =>
      `<a:KeyValuePairOfstringanyType><c:key>${name}</c:key><c:value i:type="d:guid" ` +
      `xmlns:d="http://schemas.microsoft.com/2003/10/Serialization/">${id}</c:value>` +
      '</a:KeyValuePairOfstringanyType>',
  );
  return (
    `<ExecuteResponse xmlns="${CONTRACTS}/Services"><ExecuteResult i:type="b:WhoAmIResponse" ` +
    `xmlns:a="${CONTRACTS}" xmlns:b="http://schemas.microsoft.com/crm/2011/Contracts" ` +
    'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><a:ResponseName>WhoAmI</a:ResponseName>' +
    '<a:Results xmlns:c="http://schemas.datacontract.org/2004/07/System.Collections.Generic">' +
    `${pairs.join('')}</a:Results></ExecuteResult></ExecuteResponse>`
  );
}

function envelope(version: string, body: string, status = 200): FaceAnswer {
  const type = version === SOAP11 ? 'text/xml' : 'application/soap+xml';
  return {
    status,
    headers: { 'content-type': `${type}; charset=utf-8` },
    text: `<s:Envelope xmlns:s="${version}"><s:Body>${body}</s:Body></s:Envelope>`,
  };
}

function fault(version: string, code: string, reason: string): FaceAnswer {
  const body =
    version === SOAP11
      ? `<s:Fault><faultcode>s:${code}</faultcode><faultstring xml:lang="en-US">${reason}</faultstring></s:Fault>`
      : '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:a="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">' +
        `a:${code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">${reason}</s:Text></s:Reason></s:Fault>`;
  return envelope(version, body, 500);
}
