import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerBatch } from './batch';
import { readIncoming } from './incoming';
import { type EntitySetType, ServiceRefusal } from './schema';
import { Service } from './service';
import { Store } from './store';
import type { Faults, Variation } from './variation';

/** A reference server that listens. */
export interface ReferenceServer {
  /** `http://127.0.0.1:54321/ref/odata.svc` */
  readonly url: string;
  readonly store: Store;
  readonly faults: Faults;
  /** Requests since the last call of this: `GET Products`, `MERGE Products`. */
  takeRequests(): string[];
  close(): Promise<void>;
}

const ROOT_PATH = '/ref/odata.svc';

/** As IIS has it. There is none within a batch, nor for the addresses of the server's own pages. */
const LONGEST_URL = 2048;

function checkLength(root: string, { url = '' }: IncomingMessage): void {
  const isLong = `${new URL(root).origin}${url}`.length > LONGEST_URL;
  if (isLong && !url.includes('$skiptoken')) throw new ServiceRefusal(414, 'The URL is too long');
}

/** Start a server of OData 2.0 or 4 on a free port of 127.0.0.1. */
export async function startReferenceServer(
  version: 2 | 4,
  sets: readonly EntitySetType[],
  variation: Variation = {},
): Promise<ReferenceServer> {
  const store = new Store(sets);
  const faults: Faults = { lostReplies: 0, unavailable: 0 };
  const requests: string[] = [];
  const http = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const root = `http://127.0.0.1:${(http.address() as AddressInfo).port}${ROOT_PATH}`;
  const service = new Service({ version, store, variation, root });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      checkLength(root, request);
      const incoming = await readIncoming(version, ROOT_PATH, request);
      const isWrite = incoming.method !== 'GET';
      requests.push(`${incoming.method} ${incoming.entitySet}`);
      if (isWrite && faults.unavailable > 0) {
        faults.unavailable -= 1;
        response.writeHead(503).end();
        return;
      }
      const isBatch = incoming.entitySet === '$batch' && variation.readsInBatches === true;
      const place = { version, rootPath: ROOT_PATH, service };
      const { status, headers, body } = isBatch
        ? answerBatch(place, incoming)
        : service.answer(incoming);
      if (isWrite && faults.lostReplies > 0) {
        faults.lostReplies -= 1;
        request.socket.destroy();
        return;
      }
      response.writeHead(status, headers).end(body);
    } catch (error) {
      const status = error instanceof ServiceRefusal ? error.status : 500;
      response.writeHead(status).end(error instanceof Error ? error.message : String(error));
    }
  }

  return {
    url: root,
    store,
    faults,
    takeRequests: () => requests.splice(0),
    close: () =>
      new Promise((resolve) => {
        http.close(() => {
          resolve();
        });
        http.closeAllConnections();
      }),
  };
}
