const BLOCK = 64;

interface Round {
  readonly mix: (x: number, y: number, z: number) => number;
  readonly constant: number;
  /** Which of the block's sixteen words comes when. */
  readonly order: readonly number[];
  readonly shifts: readonly number[];
}

const ROUNDS: readonly Round[] = [
  {
    mix: (x, y, z) => (x & y) | (~x & z),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
  },
  {
    mix: (x, y, z) => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
  },
  {
    mix: (x, y, z) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
  },
];

/**
 * Hash with MD4 (RFC 1320), which NTLM needs.
 *
 * NOTE: `createHash('md4')` fails: OpenSSL 3 keeps it in its legacy provider, which Node does not load.
 *
 * @returns 16 bytes.
 */
export function md4(message: Uint8Array): Buffer {
  const padded = paddedOf(message);
  let state: State = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let at = 0; at < padded.length; at += BLOCK) {
    state = added(state, mixedIn(state, padded.subarray(at, at + BLOCK)));
  }
  const digest = Buffer.alloc(16);
  state.forEach((word, index) => digest.writeInt32LE(word, 4 * index));
  return digest;
}

type State = readonly [number, number, number, number];

/** A one bit, zeros up to eight bytes below a whole block, and the length in bits. */
function paddedOf(message: Uint8Array): Buffer {
  const length = Math.ceil((message.length + 9) / BLOCK) * BLOCK;
  const padded = Buffer.alloc(length);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, length - 8);
  return padded;
}

function mixedIn(state: State, block: Buffer): State {
  let [a, b, c, d] = state;
  for (const { mix, constant, order, shifts } of ROUNDS) {
    for (const [step, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + block.readInt32LE(4 * word) + constant) | 0;
      [a, b, c, d] = [d, rotated(sum, shifts[step % 4] ?? 0), b, c];
    }
  }
  return [a, b, c, d];
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function added([a, b, c, d]: State, [e, f, g, h]: State): State {
  return [(a + e) | 0, (b + f) | 0, (c + g) | 0, (d + h) | 0];
}
