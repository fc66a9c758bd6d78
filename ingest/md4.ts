// MD4 (RFC 1320), only for NTLM hashes: OpenSSL no longer has it. Nothing relies on its strength.

const ROUNDS = [
  { add: 0, order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], shifts: [3, 7, 11, 19] },
  { add: 0x5a827999, order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13] },
  { add: 0x6ed9eba1, order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15] },
] as const;

/** F, G and H of the RFC's §3.4. */
function mix(round: number, x: number, y: number, z: number): number {
  if (round === 0) return (x & y) | (~x & z);
  return round === 1 ? (x & y) | (x & z) | (y & z) : x ^ y ^ z;
}

/** @returns 16 bytes */
export function md4(message: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeUInt32LE((message.length << 3) >>> 0, padded.length - 8);
  padded.writeUInt32LE(message.length >>> 29, padded.length - 4);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < padded.length; block += 64) {
    let [a = 0, b = 0, c = 0, d = 0] = state;
    for (const [round, { add, order, shifts }] of ROUNDS.entries()) {
      for (const [step, word] of order.entries()) {
        const sum = (a + mix(round, b, c, d) + padded.readInt32LE(block + 4 * word) + add) | 0;
        const shift = shifts[step & 3] as number;
        a = d;
        d = c;
        c = b;
        b = (sum << shift) | (sum >>> (32 - shift));
      }
    }
    for (const [at, value] of [a, b, c, d].entries()) state[at] = (state[at] as number) + value;
  }
  const digest = Buffer.alloc(16);
  for (const [at, value] of state.entries()) digest.writeInt32LE(value, 4 * at);
  return digest;
}
