// Renders the stored body of a range (PROTOCOL.md §12) as text: `SUFFIX:COUNT`, CRLF between rows (§13).
// AssemblyScript; `npm run build:kernel`.

const HEADER: u32 = 5;
const FORMAT: u32 = 1;
const COLON: u32 = 0x3a;
const CRLF: u32 = 0x0a0d;
const ZERO: u32 = 0x30;
/** A number of up to 32 bits takes five bytes of seven bits. */
const MAX_SHIFT: u64 = 28;

@inline function digitsOf(halves: v128): v128 {
  return i8x16.swizzle(i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 65, 66, 67, 68, 69, 70), halves);
}

/** Writes 32 hex digits. */
@inline function writeHex(bytes: v128, at: usize): void {
  const high = digitsOf(i8x16.shr_u(bytes, 4));
  const low = digitsOf(v128.and(bytes, i8x16.splat(0xf)));
  v128.store(at, i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  v128.store(at + 16, i8x16.shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}

/** @returns where the number ends */
@inline function writeDecimal(value: u32, at: usize): usize {
  let end = at + 1;
  for (let bound: u64 = 10; value >= bound; bound *= 10) end++;
  for (let digit = end - 1; digit >= at; digit--) {
    store<u8>(digit, ZERO + (value % 10));
    value /= 10;
  }
  return end;
}

function ascends(a: usize, b: usize, bytes: u32): bool {
  for (let i: u32 = 0; i < bytes; i++) {
    const left = load<u8>(a + i), right = load<u8>(b + i);
    if (left != right) return left < right;
  }
  return false;
}

/**
 * @param suffixBytes of each stored hash, at least 14
 * @param half the last half byte of the prefix, with which each of them begins
 * @param out room for the longest text of so many bytes, and for 32 more
 * @returns the length of the text; 0 for a body that is not strictly formed
 */
export function renderRange(body: usize, bytes: u32, suffixBytes: u32, half: u32, out: usize): u32 {
  if (bytes < HEADER || load<u8>(body) != FORMAT) return 0;
  const count = bswap<u32>(load<u32>(body, 1));
  if (count == 0 || count > (bytes - HEADER) / (suffixBytes + 1)) return 0;
  const suffixes = body + HEADER, stop = suffixes + count * suffixBytes, end = body + bytes;
  let times = stop, at = out;
  for (let suffix = suffixes; suffix < stop; suffix += suffixBytes) {
    if (<u32>load<u8>(suffix) >> 4 != half) return 0;
    if (suffix > suffixes) {
      if (!ascends(suffix - suffixBytes, suffix, suffixBytes)) return 0;
      store<u16>(at, CRLF);
      at += 2;
    }
    let value: u64 = 0, shift: u64 = 0, byte: u64 = 0;
    do {
      if (times == end || shift > MAX_SHIFT) return 0;
      byte = load<u8>(times++);
      value |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    if (byte == 0 || value > 0xffffffff) return 0;
    const first = load<u8>(suffix) & 0xf;
    store<u8>(at++, first < 10 ? ZERO + first : 55 + first);
    writeHex(v128.load(suffix, 1), at);
    if (suffixBytes > 17) writeHex(v128.load(suffix, 17), at + 32);
    at += (suffixBytes - 1) << 1;
    store<u8>(at++, COLON);
    at = writeDecimal(<u32>value, at);
  }
  return times == end ? <u32>(at - out) : 0;
}
