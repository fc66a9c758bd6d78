// NTLM hashes: MD4 (RFC 1320) of UTF-16LE, which Node's OpenSSL no longer has.

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** The constant, the shifts and the order of words of each round. */
const ROUNDS = [
  { plus: 0, shifts: [3, 7, 11, 19], order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] },
  { plus: 0x5a827999, shifts: [3, 5, 9, 13], order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15] },
  { plus: 0x6ed9eba1, shifts: [3, 9, 11, 15], order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15] },
] as const;

function mix(round: number, x: number, y: number, z: number): number {
  if (round === 0) return (x & y) | (~x & z);
  return round === 1 ? (x & y) | (x & z) | (y & z) : x ^ y ^ z;
}

export function md4(message: Uint8Array): Buffer {
  const padded = Buffer.alloc((((message.length + 8) >> 6) + 1) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeUInt32LE(message.length << 3, padded.length - 8);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < padded.length; block += 64) {
    let [a = 0, b = 0, c = 0, d = 0] = state;
    for (const [round, { plus, shifts, order }] of ROUNDS.entries())
      for (const [step, word] of order.entries()) {
        const sum = (a + mix(round, b, c, d) + padded.readUInt32LE(block + word * 4) + plus) | 0;
        [a, b, c, d] = [d, rotate(sum, shifts[step & 3] as number), b, c];
      }
    for (const [i, value] of [a, b, c, d].entries()) state[i] = ((state[i] as number) + value) | 0;
  }
  const digest = Buffer.alloc(16);
  for (const [i, value] of state.entries()) digest.writeInt32LE(value | 0, i * 4);
  return digest;
}

export const ntlm = (password: string): string => md4(Buffer.from(password, 'utf16le')).toString('hex');
