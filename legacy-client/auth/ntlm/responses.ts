import { createHmac } from 'node:crypto';
import { md4 } from './md4';

/** Who logs in. */
export interface NtlmUser {
  readonly username: string;
  readonly password: string;
  /** Empty where the name says it all (`ada@crm.example`). */
  readonly domain: string;
}

/** What a response is calculated from, beside the user. [MS-NLMP] 3.3.2 */
export interface NtlmExchange {
  /** 8 bytes. */
  readonly serverChallenge: Buffer;
  /** 8 bytes. */
  readonly clientChallenge: Buffer;
  /** Tenths of microseconds since 1601, 8 bytes, the lowest first. */
  readonly time: Buffer;
  /** The server's names, as they go back to it. */
  readonly targetInfo: Buffer;
}

/** The proof of a password. */
export interface NtlmResponses {
  readonly nt: Buffer;
  readonly lm: Buffer;
  /** What both sides can derive now, 16 bytes. */
  readonly sessionKey: Buffer;
}

/** Calculate the NTLMv2 key of a user (`NTOWFv2`), 16 bytes. */
export function userKey({ username, password, domain }: NtlmUser): Buffer {
  return hmacMd5(md4(utf16(password)), utf16(username.toUpperCase() + domain));
}

/** Calculate both NTLMv2 responses and the session key. */
export function ntlmV2(key: Buffer, exchange: NtlmExchange): NtlmResponses {
  const { serverChallenge, clientChallenge, time, targetInfo } = exchange;
  const [six, four] = [Buffer.alloc(6), Buffer.alloc(4)];
  const versions = Buffer.from([1, 1]);
  const blob = Buffer.concat([versions, six, time, clientChallenge, four, targetInfo, four]);
  const proof = hmacMd5(key, Buffer.concat([serverChallenge, blob]));
  const lmProof = hmacMd5(key, Buffer.concat([serverChallenge, clientChallenge]));
  return {
    nt: Buffer.concat([proof, blob]),
    lm: Buffer.concat([lmProof, clientChallenge]),
    sessionKey: hmacMd5(key, proof),
  };
}

/** HMAC with MD5, which NTLM is built on. */
export function hmacMd5(key: Buffer, data: Buffer): Buffer {
  return createHmac('md5', key).update(data).digest();
}

/** A text as NTLM writes it. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}
