import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { adminPath, answerAdmin } from './admin';
import type { Sandbox } from './control';
import { entityModels } from './entity-model';
import { deliver } from './delivery';
import { exchange, type ExchangeContext } from './exchange';
import { pathBelow, readBody, receive } from './face-request';
import { DataverseFace } from './faces/dataverse';
import { Dynamics2011Face } from './faces/dynamics2011';
import type { FaceAnswer } from './faces/face';
import { isSetState, OrganizationService } from './faces/organization-service';
import { Faults } from './faults';
import { Journal } from './journal';
import { LocalControl } from './local-control';
import { accountOf, gateOf } from './login';
import type { SandboxCredentials, SandboxLogin } from './login/gate';
import { exampleSchema, type SandboxSchema } from './schema';
import { Store, type OnWrite } from './store/store';
import { answerToken, answerWeb, organizationEndpoint } from './whoami';

/** Options of {@link startSandbox}. */
export interface SandboxOptions {
  /** Default 0: a free one. */
  readonly port?: number | undefined;
  /** Default: the example application's CRM. */
  readonly schema?: SandboxSchema | undefined;
  /** How clients log in; default `basic` with credentials, and without them `none`. */
  readonly login?: SandboxLogin | undefined;
  /** The only account; default `sandbox`, `sandbox`. */
  readonly credentials?: SandboxCredentials | undefined;
  /** The clock of the stamps; default the system's. */
  readonly now?: (() => Date) | undefined;
  /** Records a page on either face; default 50 (2011) and 5,000 (Dataverse). */
  readonly pageSize?: number | undefined;
  /** Whether a POST may name the key of the new record; default true. */
  readonly clientKeys?: boolean | undefined;
  /** A plug-in in the CRM: sees every write's values and may change or refuse them. */
  readonly onWrite?: OnWrite | undefined;
}

/** Where a sandbox on a port of this machine is found. */
export interface SandboxAddresses {
  readonly url: string;
  readonly url2011: string;
  readonly urlDataverse: string;
}

/** Node refuses longer heads; the Dataverse face takes URLs of 32 KiB. */
const maxHeaderSize = 128 * 1024;

/** The service roots of the sandbox at `http://127.0.0.1:PORT`. */
export function sandboxAddresses(url: string): SandboxAddresses {
  return {
    url,
    url2011: `${url}/XRMServices/2011/OrganizationData.svc`,
    urlDataverse: `${url}/api/data/v9.2`,
  };
}

class RunningSandbox extends LocalControl implements Sandbox {
  readonly url: string;
  readonly url2011: string;
  readonly urlDataverse: string;
  private readonly server: Server;
  private readonly ending: AbortController;

  constructor(
    context: ExchangeContext,
    running: { readonly server: Server; readonly ending: AbortController; readonly port: number },
  ) {
    super(context);
    const addresses = sandboxAddresses(`http://127.0.0.1:${String(running.port)}`);
    this.url = addresses.url;
    this.url2011 = addresses.url2011;
    this.urlDataverse = addresses.urlDataverse;
    this.server = running.server;
    this.ending = running.ending;
  }

  async close(): Promise<void> {
    if (this.ending.signal.aborted) return;
    this.ending.abort();
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

function refuse(response: ServerResponse, url: string): void {
  response.writeHead(404, { 'content-type': 'text/plain' });
  response.end(`Nothing is served at ${url}; the sandbox has two service roots.\n`);
}

/** What the server answers with. */
interface Served {
  readonly context: ExchangeContext;
  readonly faces: readonly [Dynamics2011Face, DataverseFace, OrganizationService];
  readonly account: SandboxCredentials;
}

/** The pages of a login, and the organization service: not in the journal, which is of the faces. */
function answerBesideFaces(
  { context, faces, account }: Served,
  incoming: IncomingMessage,
  body: string,
): FaceAnswer | undefined {
  const page = context.gate?.serve?.(incoming, body);
  if (page !== undefined) return page;
  const endpoint = organizationEndpoint(incoming.url ?? '/');
  if (endpoint === undefined) return undefined;
  // NOTE: what changes records is journalled and struck by faults, as on the faces.
  if (endpoint === 'web' && isSetState(body)) return undefined;
  if (endpoint === 'token') return answerToken(body, account, new Date());
  return context.gate?.stop(incoming, faces[0])?.answer ?? answerWeb(body);
}

async function answer(
  served: Served,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { context, faces } = served;
  const url = incoming.url ?? '/';
  const body = await readBody(incoming);
  if (url.startsWith(adminPath)) {
    const request = { method: incoming.method ?? 'GET', path: url, body };
    const reply = await answerAdmin(new LocalControl(context), request);
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(reply.body);
    return;
  }
  const face = faces.find((candidate) => pathBelow(candidate, url) !== undefined);
  const page = answerBesideFaces(served, incoming, body);
  if (page !== undefined) {
    deliver(response, page, 'whole');
  } else if (face === undefined) {
    refuse(response, url);
  } else {
    const stopped = context.gate?.stop(incoming, face);
    const arrived = receive(face, incoming, body);
    const received = face instanceof OrganizationService ? face.received(arrived) : arrived;
    if (stopped?.isLoginStep === true) deliver(response, stopped.answer, 'whole');
    else await exchange(context, face, { received, response, turnedAway: stopped?.answer });
  }
}

/**
 * Start a CRM for a laptop: a real HTTP server on 127.0.0.1 with a Dynamics 2011 and a Dataverse
 * face over one store in memory.
 *
 * @throws Error when the port is taken or the schema is wrong.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const models = entityModels(options.schema ?? exampleSchema);
  const { now = () => new Date(), onWrite, clientKeys = true, pageSize } = options;
  const store = new Store(models, onWrite === undefined ? { now } : { now, onWrite });
  const ending = new AbortController();
  const context: ExchangeContext = {
    store,
    faults: new Faults(models),
    journal: new Journal(),
    gate: gateOf(options.login, options.credentials),
    signal: ending.signal,
  };
  const faceOptions = { clientKeys, pageSize };
  const faces = [
    new Dynamics2011Face(store, faceOptions),
    new DataverseFace(store, faceOptions),
    new OrganizationService(store),
  ] as const;
  const account = accountOf(options.credentials);
  const server = createServer({ maxHeaderSize }, (incoming, response) => {
    // A client that goes away in the middle, or the sandbox's own end: nobody waits any more.
    answer({ context, faces, account }, incoming, response).catch(() => response.socket?.destroy());
  });
  // NOTE: with a limit here, a kept connection can close just as a client uses it again.
  server.keepAliveTimeout = 0;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return new RunningSandbox(context, { server, ending, port });
}
