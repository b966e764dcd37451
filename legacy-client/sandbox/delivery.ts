import type { ServerResponse } from 'node:http';
import type { FaceAnswer } from './faces/face';

/** How an answer reaches the client: whole, cut in its middle, or not at all. */
export type Delivery = 'whole' | 'truncated' | 'dropped';

/** The bytes of an answer's body. */
export function payloadOf({ json, text }: FaceAnswer): Buffer {
  if (text !== undefined) return Buffer.from(text);
  return json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(json));
}

function cutConnection(response: ServerResponse): void {
  response.socket?.destroy();
}

function truncate(response: ServerResponse, answer: FaceAnswer, payload: Buffer): void {
  const cut = (): void => {
    cutConnection(response);
  };
  if (payload.length === 0) {
    // Without a body there is only the head to cut.
    response.socket?.write(`HTTP/1.1 ${String(answer.status)} No Con`, cut);
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, 'content-length': payload.length });
  response.write(payload.subarray(0, Math.ceil(payload.length / 2)), cut);
}

/** Send an answer, or as much of it as shall arrive. */
export function deliver(response: ServerResponse, answer: FaceAnswer, delivery: Delivery): void {
  const payload = payloadOf(answer);
  if (delivery === 'dropped') {
    cutConnection(response);
  } else if (delivery === 'truncated') {
    truncate(response, answer, payload);
  } else {
    const hasBody = answer.status !== 204 && answer.status !== 304;
    const length = hasBody ? { 'content-length': payload.length } : {};
    response.writeHead(answer.status, { ...answer.headers, ...length });
    response.end(payload);
  }
}
