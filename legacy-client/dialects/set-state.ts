import type { LegacyChanges } from '../client';
import type { LegacyEntity, LegacyValue } from '../entity';
import { escaped } from '../xml/soap';
import type { DialectRequest } from './dialect';
import { UnsendableError } from './problems';
import { sendableKey } from './query-options';

const STATE = 'StateCode';
const STATUS = 'StatusCode';
const CONTRACTS = 'http://schemas.microsoft.com/xrm/2011/Contracts';
/** The service chooses the status that is usual in a state. */
const USUAL_STATUS = -1;

/** Whether changes are of a record's state, which is no property that an update takes. */
export function changesState(changes: LegacyChanges): boolean {
  return STATE in changes;
}

/**
 * Set the state of a record, and its status reason where one is given: the organization service's
 * `SetState`, in SOAP 1.1.
 *
 * @remarks Source: the SetStateRequest class of the CRM SDK. `OrganizationData.svc` has no way of
 *   its own; before Web API 8 no update could change a state.
 * @throws UnsendableError where other values are to be changed with it, or the entity's logical name
 *   is not known.
 */
export function setState(
  entity: LegacyEntity,
  key: string,
  { [STATE]: state, [STATUS]: status, ...others }: LegacyChanges,
): DialectRequest {
  const { entitySet, logicalName } = entity;
  if (Object.keys(others).length > 0) {
    throw new UnsendableError(
      `${STATE} is set by a message of its own: send ${Object.keys(others).join(', ')} before or after it`,
    );
  }
  if (logicalName === undefined) {
    throw new UnsendableError(`the state of a record of ${entitySet} needs the logicalName`);
  }
  const moniker =
    `<a:Id>${sendableKey(entity, key)}</a:Id>` +
    `<a:LogicalName>${escaped(logicalName)}</a:LogicalName><a:Name i:nil="true"/>`;
  const parameters = [
    parameter('EntityMoniker', 'EntityReference', moniker),
    parameter('State', 'OptionSetValue', option(STATE, state)),
    parameter('Status', 'OptionSetValue', option(STATUS, status ?? USUAL_STATUS)),
  ];
  return {
    method: 'POST',
    path: '',
    beside: 'Organization.svc/web',
    headers: {
      'Content-Type': 'text/xml; charset=utf-8',
      SOAPAction: `"${CONTRACTS}/Services/IOrganizationService/Execute"`,
    },
    text: envelope(parameters.join('')),
  };
}

function option(name: string, value: LegacyValue | undefined): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    return `<a:Value>${value}</a:Value>`;
  }
  throw new UnsendableError(`${name} takes a whole number`);
}

function parameter(name: string, type: string, value: string): string {
  return (
    `<a:KeyValuePairOfstringanyType><c:key>${name}</c:key><c:value i:type="a:${type}">` +
    `${value}</c:value></a:KeyValuePairOfstringanyType>`
  );
}

function envelope(parameters: string): string {
  return (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
    `<Execute xmlns="${CONTRACTS}/Services"><request i:type="b:SetStateRequest" xmlns:a="${CONTRACTS}" ` +
    'xmlns:b="http://schemas.microsoft.com/crm/2011/Contracts" ' +
    'xmlns:i="http://www.w3.org/2001/XMLSchema-instance">' +
    '<a:Parameters xmlns:c="http://schemas.datacontract.org/2004/07/System.Collections.Generic">' +
    `${parameters}</a:Parameters><a:RequestId i:nil="true"/>` +
    '<a:RequestName>SetState</a:RequestName></request></Execute></s:Body></s:Envelope>'
  );
}
