import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { payloadOf } from '../delivery';
import type { FaceAnswer } from '../faces/face';

/** The answer to one request of a batch. */
export interface AnsweredPart {
  readonly contentId: string | undefined;
  readonly answer: FaceAnswer;
}

/** Write the answer to one request, as it stands between delimiters. */
export function writePart({ contentId, answer }: AnsweredPart): string {
  const { status, headers = {} } = answer;
  const lines = ['Content-Type: application/http', 'Content-Transfer-Encoding: binary'];
  if (contentId !== undefined) lines.push(`Content-ID: ${contentId}`);
  lines.push('', `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`);
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  return [...lines, '', payloadOf(answer).toString()].join('\r\n');
}

/** Put delimiters around parts. */
export function writeMultipart(
  kind: 'batchresponse' | 'changesetresponse',
  parts: readonly string[],
): { readonly contentType: string; readonly text: string } {
  const boundary = `${kind}_${randomUUID()}`;
  const lines = parts.flatMap((part) => [`--${boundary}`, part]);
  return {
    contentType: `multipart/mixed; boundary=${boundary}`,
    text: [...lines, `--${boundary}--`, ''].join('\r\n'),
  };
}
