// Bytes: big-endian integers, comparison, UTF-8, hex and base64url. Every format reads and writes
// its fields through these functions, so that a width or a sign is right in one place.
//
// Offsets are not checked: a decoder checks its length first.

/** Reads two bytes at `at` as an unsigned big-endian integer. */
export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Writes the low 16 bits of `value` at `at`, big-endian. */
export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Reads three bytes at `at` as an unsigned big-endian integer. */
function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** Reads four bytes at `at` as an unsigned big-endian integer. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) | readU24(bytes, at + 1)) >>> 0;
}

/** Writes the low 32 bits of `value` at `at`, big-endian. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * Reads six bytes at `at` as an unsigned big-endian integer. It is exact: a number holds 53 bits.
 */
export function readU48(bytes: Uint8Array, at: number): number {
  return readU24(bytes, at) * 0x100_0000 + readU24(bytes, at + 3);
}

/** Compares in constant time: the content never decides a branch. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Compares texts in constant time, as `equalBytes` does. */
export function equalTexts(a: string, b: string): boolean {
  return equalBytes(encodeUtf8(a), encodeUtf8(b));
}

/**
 * Orders `length` bytes at `a[aAt]` and `b[bAt]`, the first byte most significant. Not in constant
 * time.
 * @returns below 0, 0 or above 0, as `Array.prototype.sort` expects
 */
export function compareBytes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): number {
  for (let byte = 0; byte < length; byte++) {
    const difference = (a[aAt + byte] as number) - (b[bAt + byte] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Encodes a text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function concatBytes(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Formats bytes as lower-case hex digits. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** @param text checked: hex digits only, an even number of them */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Encodes as base64url without padding, RFC 4648 §5. Runs without `Buffer`, in browsers too. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/**
 * Decodes base64url without padding, RFC 4648 §5.
 * @param text checked: characters of the alphabet only
 */
export function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
