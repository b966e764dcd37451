import { childrenOf, elementOf, parseXml, textOf, type XmlElement } from '../../xml/parse';
import { escaped } from '../../xml/soap';
import { CrmError } from '../crm-error';
import type { ReceivedRequest } from '../face-request';
import { parseGuid } from '../guid';
import type { Store } from '../store/store';
import type { Face, FaceAnswer, FaceRequest } from './face';

const SOAP11 = 'http://schemas.xmlsoap.org/soap/envelope/';
const CONTRACTS = 'http://schemas.microsoft.com/xrm/2011/Contracts';
/** What lies before the service has a status of its own; every fault of the service is a 500. */
const statusesBefore = [401, 403, 429, 503];

/** A message that sets the state of a record. */
interface SetState {
  readonly logicalName: string;
  readonly key: string;
  readonly state: number;
  /** -1 for the usual one. */
  readonly status: number;
}

/** Whether a message to the organization service sets a state. */
export function isSetState(body: string): boolean {
  return requestIn(body)?.name === 'SetState';
}

/**
 * `/XRMServices/2011/Organization.svc/web`: of its messages those that change records, in SOAP 1.1.
 * In the journal they are `SETSTATE AccountSet`.
 */
export class OrganizationService implements Face {
  readonly name = 'dynamics2011';
  readonly rootPath = '/XRMServices/2011/Organization.svc/web';
  readonly takesBatches = false;

  constructor(private readonly store: Store) {}

  /** Tell the journal and the faults which record a request is about. */
  received(received: ReceivedRequest): ReceivedRequest {
    const request = { ...received.request, method: 'SETSTATE' };
    const { logicalName, key, state, status } = setStateIn(request.body);
    const entitySet = this.store.models.get(logicalName)?.setName ?? logicalName;
    const values = { StateCode: state, StatusCode: status };
    return { ...received, request, entitySet, key: parseGuid(key) ?? null, body: values };
  }

  handle({ body }: FaceRequest): FaceAnswer {
    const { logicalName, key, state, status } = setStateIn(body);
    const model = this.store.models.get(logicalName);
    const guid = parseGuid(key);
    if (model === undefined || guid === undefined) {
      throw new CrmError('invalidArgument', `There is no entity ${logicalName}, or no such key.`);
    }
    if (!model.hasStates) {
      throw new CrmError('notSupportedFor', `The entity ${logicalName} has no states to set.`);
    }
    const values = { StateCode: state, ...(status !== -1 && { StatusCode: status }) };
    this.store.update(model, guid, values);
    return envelope(
      `<ExecuteResponse xmlns="${CONTRACTS}/Services"><ExecuteResult i:type="b:SetStateResponse" ` +
        `xmlns:a="${CONTRACTS}" xmlns:b="http://schemas.microsoft.com/crm/2011/Contracts" ` +
        'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><a:ResponseName>SetState' +
        '</a:ResponseName><a:Results/></ExecuteResult></ExecuteResponse>',
    );
  }

  error(status: number, code: string, message: string): FaceAnswer {
    const words = escaped(message);
    const detail =
      `<OrganizationServiceFault xmlns="${CONTRACTS}"><ErrorCode>${code}</ErrorCode>` +
      `<Message>${words}</Message></OrganizationServiceFault>`;
    return envelope(
      `<s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang="en-US">${words}` +
        `</faultstring><detail>${detail}</detail></s:Fault>`,
      statusesBefore.includes(status) ? status : 500,
    );
  }

  writeCode(code: number | null): string {
    return code === null ? '' : String(code);
  }
}

function envelope(body: string, status = 200): FaceAnswer {
  return {
    status,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    text: `<s:Envelope xmlns:s="${SOAP11}"><s:Body>${body}</s:Body></s:Envelope>`,
  };
}

function requestIn(body: string): { name: string; request: XmlElement } | undefined {
  try {
    const { root } = parseXml(body);
    const request = elementOf(elementOf(elementOf(root.Body).Execute).request);
    return { name: textOf(request.RequestName), request };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function setStateIn(body: string): SetState {
  const parameters = elementOf(requestIn(body)?.request.Parameters);
  const pairs = childrenOf(parameters, 'KeyValuePairOfstringanyType').map(elementOf);
  const valueOf = (name: string): XmlElement =>
    elementOf(pairs.find(({ key }) => textOf(key) === name)?.value);
  const { Id, LogicalName } = valueOf('EntityMoniker');
  return {
    logicalName: textOf(LogicalName),
    key: textOf(Id),
    state: Number(textOf(valueOf('State').Value)),
    status: Number(textOf(valueOf('Status').Value)),
  };
}
