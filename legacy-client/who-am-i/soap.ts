import { randomUUID } from 'node:crypto';
import { childrenOf, elementOf, textOf } from '../xml/parse';
import { escaped, soapBody, soapFault } from '../xml/soap';
import { identityOf, type LegacyIdentity } from './identity';

/** What the organization service says: who one is, or why it does not tell. */
export type SoapAnswer =
  | { readonly identity: LegacyIdentity }
  | { readonly fault: string; readonly code: string; readonly isLogin: boolean };

/** The operation, as SOAP names it. */
export const EXECUTE =
  'http://schemas.microsoft.com/xrm/2011/Contracts/Services/IOrganizationService/Execute';

const OASIS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
const TOKEN_LIFETIME_MS = 5 * 60_000;
/** What WS-Security and WS-Trust call a login that is refused. */
const LOGIN_FAULT = /FailedAuthentication|InvalidSecurity|security token|FailedCheck/i;

const REQUEST = `<Execute xmlns="http://schemas.microsoft.com/xrm/2011/Contracts/Services">
<request i:type="b:WhoAmIRequest" xmlns:a="http://schemas.microsoft.com/xrm/2011/Contracts" xmlns:b="http://schemas.microsoft.com/crm/2011/Contracts" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<a:Parameters xmlns:c="http://schemas.datacontract.org/2004/07/System.Collections.Generic"/>
<a:RequestId i:nil="true"/><a:RequestName>WhoAmI</a:RequestName></request></Execute>`;

/** Ask who one is by the connection's own login: SOAP 1.1, for the endpoint `/web`. */
export function plainEnvelope(): string {
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${REQUEST}</s:Body></s:Envelope>`;
}

/** Ask who somebody is: SOAP 1.2 with a user name token that is good for five minutes. */
export function envelopeWithToken(
  url: string,
  { username, password }: { readonly username: string; readonly password: string },
  now: Date,
): string {
  const expires = new Date(now.getTime() + TOKEN_LIFETIME_MS);
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="${OASIS}-wssecurity-utility-1.0.xsd">
<s:Header><a:Action s:mustUnderstand="1">${EXECUTE}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>
<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">${escaped(url)}</a:To>
<o:Security s:mustUnderstand="1" xmlns:o="${OASIS}-wssecurity-secext-1.0.xsd">
<u:Timestamp u:Id="_0"><u:Created>${now.toISOString()}</u:Created><u:Expires>${expires.toISOString()}</u:Expires></u:Timestamp>
<o:UsernameToken u:Id="uuid-${randomUUID()}-1"><o:Username>${escaped(username)}</o:Username><o:Password Type="${OASIS}-username-token-profile-1.0#PasswordText">${escaped(password)}</o:Password></o:UsernameToken>
</o:Security></s:Header><s:Body>${REQUEST}</s:Body></s:Envelope>`;
}

/**
 * Read an answer of either SOAP version.
 *
 * @returns undefined when it is none.
 */
export function readSoapAnswer(text: string): SoapAnswer | undefined {
  const body = soapBody(text);
  if (body === undefined) return undefined;
  const fault = soapFault(body);
  if (fault !== undefined) {
    return { fault: fault.message, code: fault.code, isLogin: LOGIN_FAULT.test(fault.kind) };
  }
  const result = elementOf(elementOf(body.ExecuteResponse).ExecuteResult);
  const pairs = childrenOf(elementOf(result.Results), 'KeyValuePairOfstringanyType');
  const said = pairs.map(elementOf).map(({ key, value }) => [textOf(key), textOf(value)] as const);
  const identity = identityOf(Object.fromEntries(said));
  return identity && { identity };
}
