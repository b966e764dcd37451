import { timingSafeEqual } from 'node:crypto';
import { CHECK_AT, field, fileTime, ntlmFlags, readChallenge } from '../../auth/ntlm/messages';
import { hmacMd5, userKey, utf16 } from '../../auth/ntlm/responses';
import {
  MESSAGES_ARE_CHECKED,
  readTargetInfo,
  targetAttribute,
  writeTargetInfo,
} from '../../auth/ntlm/target-info';
import type { SandboxCredentials } from './gate';

/** What a server must remember of a handshake: both messages before the last. */
export interface NtlmServerSide {
  readonly negotiate: Buffer;
  readonly challenge: Buffer;
}

/** The proof, and what of the rest has a fixed length. */
const SHORTEST_RESPONSE = 16 + 28;

const FLAGS =
  ntlmFlags.unicode |
  ntlmFlags.requestTarget |
  ntlmFlags.ntlm |
  ntlmFlags.extendedSessionSecurity |
  ntlmFlags.targetInfo |
  ntlmFlags.version;

/** A server's challenge with its names and its time, as Windows servers of today send it. */
export function challengeMessage(serverChallenge: Buffer, now: Date): Buffer {
  const name = utf16('SANDBOX');
  const info = writeTargetInfo(
    new Map([
      [targetAttribute.domain, name],
      [targetAttribute.computer, utf16('CRM')],
      [targetAttribute.timestamp, fileTime(now)],
    ]),
  );
  const head = Buffer.alloc(56);
  head.write('NTLMSSP\0', 'latin1');
  head.writeUInt32LE(2, 8);
  putField(head, 12, { length: name.length, start: head.length });
  head.writeUInt32LE(FLAGS, 20);
  serverChallenge.copy(head, 24);
  putField(head, 40, { length: info.length, start: head.length + name.length });
  return Buffer.concat([head, name, info]);
}

/** Tell whether a client's last message proves that it knows the password. */
export function isProof(
  authenticate: Buffer,
  { negotiate, challenge }: NtlmServerSide,
  { username, password }: SandboxCredentials,
): boolean {
  try {
    const said = field(authenticate, 36).toString('utf16le');
    const domain = field(authenticate, 28).toString('utf16le');
    if (said.toLowerCase() !== username.toLowerCase()) return false;
    const key = userKey({ username: said, password, domain });
    const response = field(authenticate, 20);
    if (response.length < SHORTEST_RESPONSE || authenticate.length < CHECK_AT + 16) return false;
    const [proof, blob] = [response.subarray(0, 16), response.subarray(16)];
    const { serverChallenge, targetInfo } = readChallenge(challenge);
    const expected = hmacMd5(key, Buffer.concat([serverChallenge, blob]));
    if (!timingSafeEqual(proof, expected)) return false;
    if (!repeats(blob.subarray(28), targetInfo)) return false;
    return isChecked(authenticate, { negotiate, challenge }, hmacMd5(key, proof));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The client must send the server's names back, and say that the messages are checked. */
function repeats(said: Buffer, targetInfo: Buffer): boolean {
  const attributes = readTargetInfo(said);
  const given = attributes.get(targetAttribute.flags);
  const flags = given?.length === 4 ? given.readUInt32LE(0) : 0;
  const own = [...readTargetInfo(targetInfo)];
  const isRepeated = own.every(([id, value]) => attributes.get(id)?.equals(value) === true);
  return isRepeated && (flags & MESSAGES_ARE_CHECKED) !== 0;
}

function isChecked(
  authenticate: Buffer,
  { negotiate, challenge }: NtlmServerSide,
  sessionKey: Buffer,
): boolean {
  const check = Buffer.from(authenticate.subarray(CHECK_AT, CHECK_AT + 16));
  const unchecked = Buffer.from(authenticate).fill(0, CHECK_AT, CHECK_AT + 16);
  const expected = hmacMd5(sessionKey, Buffer.concat([negotiate, challenge, unchecked]));
  return timingSafeEqual(check, expected);
}

function putField(head: Buffer, at: number, place: { length: number; start: number }): void {
  head.writeUInt16LE(place.length, at);
  head.writeUInt16LE(place.length, at + 2);
  head.writeUInt32LE(place.start, at + 4);
}
