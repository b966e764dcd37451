import { hmacMd5, ntlmV2, type NtlmUser, userKey, utf16 } from './responses';
import {
  MESSAGES_ARE_CHECKED,
  readTargetInfo,
  targetAttribute,
  writeTargetInfo,
} from './target-info';

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');

/** What both sides may agree on; only what a login over HTTP needs. [MS-NLMP] 2.2.2.5 */
export const ntlmFlags = {
  unicode: 0x1,
  requestTarget: 0x4,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  extendedSessionSecurity: 0x80000,
  targetInfo: 0x800000,
  version: 0x2000000,
} as const;

const OFFERED = Object.values(ntlmFlags).reduce((all, flag) => all | flag, 0);
/** Windows 10, NTLM revision 15: without meaning, but some servers want to see one. */
const VERSION = Buffer.from([10, 0, 0, 0, 0, 0, 0, 15]);

/** What a server's challenge says. */
export interface NtlmChallenge {
  readonly flags: number;
  readonly serverChallenge: Buffer;
  readonly targetInfo: Buffer;
}

/** What the client adds of its own; the caller makes it up, so that tests can repeat it. */
export interface NtlmOwnValues {
  /** 8 random bytes. */
  readonly clientChallenge: Buffer;
  readonly now: Date;
  /** The client's computer. */
  readonly workstation: string;
}

/** The message that opens a handshake (`NEGOTIATE_MESSAGE`). */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(40);
  header(message, 1);
  message.writeUInt32LE(OFFERED >>> 0, 12);
  // Domain and workstation, at 16 and 24, stay empty: the last message names them.
  VERSION.copy(message, 32);
  return message;
}

/**
 * Read the server's challenge (`CHALLENGE_MESSAGE`).
 *
 * @throws RangeError when it is none, or cut off.
 */
export function readChallenge(message: Buffer): NtlmChallenge {
  if (ntlmMessageType(message) !== 2) throw new RangeError('This is no NTLM challenge');
  const flags = message.readUInt32LE(20);
  const hasTargetInfo = message.length >= 48 && (flags & ntlmFlags.targetInfo) !== 0;
  return {
    flags,
    serverChallenge: Buffer.from(message.subarray(24, 32)),
    targetInfo: hasTargetInfo ? field(message, 40) : Buffer.alloc(0),
  };
}

/**
 * Answer a challenge (`AUTHENTICATE_MESSAGE`) with NTLMv2.
 *
 * @param challengeMessage - as it came.
 * @param own - made up anew for each handshake.
 * @throws RangeError when the challenge cannot be read.
 */
export function authenticateMessage(
  challengeMessage: Buffer,
  user: NtlmUser,
  own: NtlmOwnValues,
): Buffer {
  const { flags, serverChallenge, targetInfo } = readChallenge(challengeMessage);
  const attributes = new Map(readTargetInfo(targetInfo));
  const timestamp = attributes.get(targetAttribute.timestamp);
  // NOTE: a server that tells its time wants the check, and no LM response. [MS-NLMP] 3.1.5.1.2
  if (timestamp !== undefined) attributes.set(targetAttribute.flags, checkedFlags(attributes));
  const { nt, lm, sessionKey } = ntlmV2(userKey(user), {
    serverChallenge,
    clientChallenge: own.clientChallenge,
    time: timestamp ?? fileTime(own.now),
    targetInfo: writeTargetInfo(attributes),
  });
  const message = written((flags & OFFERED) | ntlmFlags.unicode, [
    timestamp === undefined ? lm : Buffer.alloc(24),
    nt,
    ...[user.domain, user.username, own.workstation].map(utf16),
  ]);
  if (timestamp !== undefined) {
    const all = Buffer.concat([negotiateMessage(), challengeMessage, message]);
    hmacMd5(sessionKey, all).copy(message, CHECK_AT);
  }
  return message;
}

/** 1, 2 or 3; undefined when the bytes are no NTLM message. */
export function ntlmMessageType(message: Buffer): number | undefined {
  const isMessage = message.length >= 32 && message.subarray(0, 8).equals(SIGNATURE);
  return isMessage ? message.readUInt32LE(8) : undefined;
}

/**
 * Read a part that a message names by length and place.
 *
 * @throws RangeError when it lies outside.
 */
export function field(message: Buffer, at: number): Buffer {
  if (at + 8 > message.length) throw new RangeError('The NTLM message is cut off');
  const length = message.readUInt16LE(at);
  const start = message.readUInt32LE(at + 4);
  if (start + length > message.length) throw new RangeError('The NTLM message is cut off');
  return message.subarray(start, start + length);
}

/** Where the last message carries the check (`MIC`), 16 bytes. */
export const CHECK_AT = 72;
const PAYLOAD_AT = 88;

function written(flags: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(PAYLOAD_AT);
  header(head, 3);
  let start = PAYLOAD_AT;
  // LM response, NT response, domain, user, workstation; the session key, at 52, stays empty.
  [...parts, Buffer.alloc(0)].forEach(({ length }, index) => {
    head.writeUInt16LE(length, 12 + 8 * index);
    head.writeUInt16LE(length, 14 + 8 * index);
    head.writeUInt32LE(start, 16 + 8 * index);
    start += length;
  });
  head.writeUInt32LE(flags >>> 0, 60);
  VERSION.copy(head, 64);
  return Buffer.concat([head, ...parts]);
}

function header(message: Buffer, type: number): void {
  SIGNATURE.copy(message);
  message.writeUInt32LE(type, 8);
}

function checkedFlags(attributes: ReadonlyMap<number, Buffer>): Buffer {
  const given = attributes.get(targetAttribute.flags);
  const flags = Buffer.alloc(4);
  const before = given?.length === 4 ? given.readUInt32LE(0) : 0;
  flags.writeUInt32LE((before | MESSAGES_ARE_CHECKED) >>> 0);
  return flags;
}

/** Tenths of microseconds since 1601. */
export function fileTime(date: Date): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE((BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n);
  return time;
}
