import { request } from 'node:http';
import { adminPath, controlMethods, type ControlMethod } from './admin';
import type { SandboxControl } from './control';
import { readTagged, writeTagged } from './tagged-json';

/** What an admin request was answered with; undefined values do not travel. */
interface AdminReply {
  readonly result?: unknown;
  readonly error?: string;
}

/** A connection for each call, so that nothing is left open behind a test. */
async function post(url: URL, body: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve(Buffer.concat(chunks).toString());
      });
    });
    outgoing.on('error', reject);
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(body);
  });
}

async function call(url: string, method: ControlMethod, values: unknown[]): Promise<unknown> {
  // An argument left out would arrive as null, which is not the same.
  const given = values.filter((value) => value !== undefined);
  const answer = await post(new URL(adminPath + method, url), writeTagged(given));
  const reply = readTagged(answer) as AdminReply;
  if (reply.error !== undefined) throw new Error(reply.error);
  return reply.result;
}

/**
 * Reach the switches of a sandbox in another process.
 *
 * @param url - `http://127.0.0.1:PORT`, as the sandbox told it.
 * @returns the same interface as in the sandbox's own process; every call rejects when the
 * sandbox cannot be reached or refuses.
 */
export function connectSandbox(url: string): SandboxControl {
  const methods = controlMethods.map((method) => [
    method,
    async (...values: unknown[]): Promise<unknown> => await call(url, method, values),
  ]);
  return Object.fromEntries(methods) as SandboxControl;
}
