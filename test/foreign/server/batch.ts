import { type Incoming, incomingOf } from './incoming';
import { badRequest, ServiceRefusal } from './schema';
import type { Outgoing, Service } from './service';

/** Where a batch came to. */
interface BatchPlace {
  readonly version: 2 | 4;
  readonly rootPath: string;
  readonly service: Service;
}

/** Answer a batch of reads, one after the other. @throws ServiceRefusal when it is none. */
export function answerBatch({ version, rootPath, service }: BatchPlace, batch: Incoming): Outgoing {
  const type = batch.headers['content-type'] ?? '';
  const boundary = /^multipart\/mixed;\s*boundary=([\w-]+)$/.exec(type)?.[1];
  if (batch.method !== 'POST' || boundary === undefined) throw new ServiceRefusal(415, type);
  const pieces = batch.body.split(`--${boundary}`);
  if (pieces.shift() !== '' || !/^--(?:\r\n)?$/.test(pieces.pop() ?? '')) {
    throw badRequest('The batch has no end');
  }
  const parts = pieces.map((piece) => {
    const { address, headers } = readOf(piece);
    const url = new URL(address, `http://reference${rootPath}/`);
    const incoming = incomingOf(version, rootPath, {
      ...{ method: 'GET', url: url.pathname + url.search, headers, body: '' },
    });
    return written(service.answer(incoming));
  });
  const body = [...parts.map((part) => `--answers\r\n${part}\r\n`), '--answers--\r\n'].join('');
  return { status: 200, headers: { 'Content-Type': 'multipart/mixed;boundary="answers"' }, body };
}

function readOf(piece: string): { address: string; headers: Record<string, string> } {
  const [outer, head = '', ...rest] = piece.split('\r\n\r\n');
  const named = /^\r\nContent-Type: application\/http\r\nContent-Transfer-Encoding: binary$/;
  if (outer === undefined || !named.test(outer))
    throw new ServiceRefusal(501, 'No changesets here');
  if (rest.join('').trim() !== '') throw badRequest('A GET has no body');
  const [first = '', ...lines] = head.split('\r\n');
  const address = /^GET (\S+) HTTP\/1\.1$/.exec(first)?.[1];
  if (address === undefined) throw new ServiceRefusal(501, 'Only GET is possible in a batch');
  const headers = lines.map((line) => {
    const [name = '', value = ''] = line.split(': ', 2);
    return [name.toLowerCase(), value];
  });
  return { address, headers: Object.fromEntries(headers) as Record<string, string> };
}

function written({ status, headers, body }: Outgoing): string {
  return [
    ...['Content-Type: application/http', 'Content-Transfer-Encoding: binary', ''],
    `HTTP/1.1 ${status} Answered`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...['', body],
  ].join('\r\n');
}
