import { request, type IncomingHttpHeaders } from 'node:http';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body parsed; undefined when it is not JSON. */
  readonly json: unknown;
}

/** What is sent. */
export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Send one request over a connection of its own, with nothing in between. */
export async function send(url: string, raw: RawRequest = {}): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body, text: plain } = raw;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return await new Promise((resolve, reject) => {
    const all = { accept: 'application/json', ...type, ...headers };
    const outgoing = request(url, { method, headers: all, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0 } = answer;
        resolve({ status, headers: answer.headers, text, json: parsed(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(plain ?? (body === undefined ? undefined : JSON.stringify(body)));
  });
}

/** Write a query: `{ $filter: "Name eq 'A'" }`. */
export function query(options: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(options);
  return `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** A GUID that is easily told from others: `guidOf(7)` ends in 7. */
export function guidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
