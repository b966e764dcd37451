import { md4 } from '../../../legacy-client/auth/ntlm/md4';
import {
  authenticateMessage,
  CHECK_AT,
  field,
  fileTime,
  negotiateMessage,
  ntlmMessageType,
  readChallenge,
} from '../../../legacy-client/auth/ntlm/messages';
import { hmacMd5, ntlmV2, userKey, utf16 } from '../../../legacy-client/auth/ntlm/responses';
import {
  readTargetInfo,
  targetAttribute,
  writeTargetInfo,
} from '../../../legacy-client/auth/ntlm/target-info';

/** The values that [MS-NLMP] 4.2.1 and 4.2.4 calculate with. */
const user = { username: 'User', password: 'Password', domain: 'Domain' };
const challengeMessage = hex(`
  4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef
  00000000000000002400240044000000060070170000000f5300650072007600
  6500720002000c0044006f006d00610069006e0001000c005300650072007600
  6500720000000000`);
const own = {
  clientChallenge: Buffer.alloc(8, 0xaa),
  now: new Date('1601-01-01T00:00:00Z'),
  workstation: 'COMPUTER',
};

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

test.each([
  ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
  ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
  ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
  ['message digest', 'd9130a8164549fe818874806e1c7014b'],
  ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
  [
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
    '043f8582f241db351ce627e153e7f0e4',
  ],
  [
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
    'e33b4ddc9c38f2199c3e7b164fcc0536',
  ],
])('MD4 of %j is as in RFC 1320', (text, digest) => {
  expect(md4(Buffer.from(text)).toString('hex')).toBe(digest);
});

describe('the examples of [MS-NLMP] 4.2', () => {
  test('the hash of the password and the key of the user', () => {
    expect(md4(utf16('Password'))).toEqual(hex('a4f49c406510bdcab6824ee7c30fd852'));
    expect(userKey(user)).toEqual(hex('0c868a403bfd7a93a3001ef22ef02e3f'));
  });

  test("the server's challenge", () => {
    const { serverChallenge, targetInfo } = readChallenge(challengeMessage);
    expect(serverChallenge).toEqual(hex('0123456789abcdef'));
    const attributes = [...readTargetInfo(targetInfo)];
    expect(attributes.map(([id, value]) => [id, value.toString('utf16le')])).toEqual([
      [targetAttribute.domain, 'Domain'],
      [targetAttribute.computer, 'Server'],
    ]);
    expect(writeTargetInfo(new Map(attributes))).toEqual(targetInfo);
  });

  test('the responses and the session key', () => {
    const { serverChallenge, targetInfo } = readChallenge(challengeMessage);
    const responses = ntlmV2(userKey(user), {
      ...{ serverChallenge, targetInfo },
      clientChallenge: own.clientChallenge,
      time: Buffer.alloc(8),
    });
    expect(responses.nt.subarray(0, 16)).toEqual(hex('68cd0ab851e51c96aabc927bebef6a1c'));
    expect(responses.lm).toEqual(hex('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa'));
    expect(responses.sessionKey).toEqual(hex('8de40ccadbc14a82f15cb0ad0de95ca3'));
  });

  test('the last message, part by part', () => {
    const message = authenticateMessage(challengeMessage, user, own);
    expect(ntlmMessageType(message)).toBe(3);
    expect(field(message, 12)).toEqual(hex('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa'));
    expect(field(message, 20)).toEqual(
      hex(`68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000
        aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c00
        530065007200760065007200 00000000 00000000`),
    );
    const names = [28, 36, 44].map((at) => field(message, at).toString('utf16le'));
    expect(names).toEqual(['Domain', 'User', 'COMPUTER']);
    expect(message.subarray(CHECK_AT, CHECK_AT + 16)).toEqual(Buffer.alloc(16));
  });
});

test('a server that tells its time gets it back, a check of all messages, and no LM response', () => {
  const time = fileTime(new Date('2026-11-21T12:00:00Z'));
  const info = writeTargetInfo(
    new Map([
      [targetAttribute.domain, utf16('Domain')],
      [targetAttribute.timestamp, time],
    ]),
  );
  const challenge = Buffer.concat([challengeMessage.subarray(0, 0x44), info]);
  challenge.writeUInt16LE(info.length, 40);
  const message = authenticateMessage(challenge, user, own);
  expect(field(message, 12)).toEqual(Buffer.alloc(24));
  const blob = field(message, 20).subarray(16);
  expect(blob.subarray(8, 16)).toEqual(time);
  expect(readTargetInfo(blob.subarray(28)).get(targetAttribute.flags)).toEqual(hex('02000000'));
  const key = hmacMd5(userKey(user), field(message, 20).subarray(0, 16));
  const unchecked = Buffer.from(message).fill(0, CHECK_AT, CHECK_AT + 16);
  const expected = hmacMd5(key, Buffer.concat([negotiateMessage(), challenge, unchecked]));
  expect(message.subarray(CHECK_AT, CHECK_AT + 16)).toEqual(expected);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['another message', negotiateMessage()],
  ['a message cut in its names', challengeMessage.subarray(0, 0x50)],
])('a challenge that is %s is refused', (_case, challenge) => {
  expect(() => authenticateMessage(challenge, user, own)).toThrow(RangeError);
});

test('times are tenths of microseconds since 1601', () => {
  expect(fileTime(new Date('1601-01-01T00:00:00.001Z')).readBigUInt64LE()).toBe(10_000n);
  expect(fileTime(new Date(0)).readBigUInt64LE()).toBe(116_444_736_000_000_000n);
});
