import { randomBytes } from 'node:crypto';
import {
  authenticateMessage,
  CHECK_AT,
  negotiateMessage,
} from '../../../legacy-client/auth/ntlm/messages';
import { challengeMessage, isProof } from '../../../legacy-client/sandbox/login/ntlm-server';

const credentials = { username: 'ada', password: 'correct-horse-battery' };
const user = { ...credentials, domain: 'EXAMPLE' };
const now = new Date('2026-11-21T12:00:00Z');
const challenge = challengeMessage(Buffer.from('0123456789abcdef', 'hex'), now);
const handshake = { negotiate: negotiateMessage(), challenge };

function proof(of = user, to = challenge): Buffer {
  return authenticateMessage(to, of, { clientChallenge: randomBytes(8), now, workstation: 'PC' });
}

test('the sandbox takes the proof of its account, whatever the case of the name', () => {
  expect(isProof(proof(), handshake, credentials)).toBe(true);
  expect(isProof(proof({ ...user, username: 'Ada' }), handshake, credentials)).toBe(true);
});

test.each<[string, Buffer]>([
  ['with another password', proof({ ...user, password: 'correct-horse-batterY' })],
  ['of another user', proof({ ...user, username: 'grace' })],
  ['of another challenge', proof(user, challengeMessage(Buffer.alloc(8, 1), now))],
  [
    'of another time',
    proof(user, challengeMessage(Buffer.from('0123456789abcdef', 'hex'), new Date(0))),
  ],
  ['that is cut off', proof().subarray(0, 120)],
  ['that is too short for a check', proof().subarray(0, 40)],
])('and no proof %s', (_case, message) => {
  expect(isProof(message, handshake, credentials)).toBe(false);
});

test('and none that was changed on the way, in any byte that counts', () => {
  const message = proof();
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(message);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return copy;
  };
  // The flags, the check itself, and the last byte of the computer's name.
  for (const at of [60, CHECK_AT, CHECK_AT + 15, message.length - 2]) {
    expect(isProof(changed(at), handshake, credentials)).toBe(false);
  }
});
