// Detects the container of a stream from its first bytes, never from its name. Brotli, which has no
// magic, is detected by the names of range files alone.

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'brotli';
export type Archive = 'tar' | 'zip';
/** Detected, but unsupported. */
export type UnreadContainer = '7z' | 'rar' | 'lz4';
export type ContainerKind = Compression | Archive | UnreadContainer;

/** Bytes needed for detection: a tar header is one block of 512. */
export const MAGIC_BYTES = 512;

const PREFIXES: readonly (readonly [ContainerKind, string])[] = [
  ['gzip', '1f8b08'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['zip', '504b0304'],
  ['zip', '504b0506'], // An empty archive.
  ['7z', '377abcaf271c'],
  ['rar', '526172211a07'],
  ['lz4', '04224d18'],
];

const ZSTD_SKIPPABLE = /^5[0-f]2a4d18/;
/** The level, then the magic of a block, or of the end of an empty stream. */
const BZIP2 = /^425a683[1-9](314159265359|177245385090)/;

export function detectContainer(head: Uint8Array): ContainerKind | undefined {
  const hex = Buffer.from(head.subarray(0, 16)).toString('hex');
  const found = PREFIXES.find(([, prefix]) => hex.startsWith(prefix));
  if (found) return found[0];
  if (ZSTD_SKIPPABLE.test(hex)) return 'zstd';
  if (BZIP2.test(hex)) return 'bzip2';
  return isTarHeader(head) ? 'tar' : undefined;
}

const USTAR_AT = 257;
const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;
const SPACE = 0x20;

/** Checks the magic of POSIX.1-1988 ustar, or the checksum, which older archives have too. */
function isTarHeader(head: Uint8Array): boolean {
  if (head.length < 512 || head[0] === 0) return false;
  if (Buffer.from(head.subarray(USTAR_AT, USTAR_AT + 5)).toString('latin1') === 'ustar') return true;
  const field = Buffer.from(head.subarray(CHECKSUM_AT, CHECKSUM_END)).toString('latin1');
  const digits = /^ *([0-7]{1,7})[\0 ]/.exec(field)?.[1];
  if (digits === undefined) return false;
  let sum = 0;
  for (let i = 0; i < 512; i++) sum += i >= CHECKSUM_AT && i < CHECKSUM_END ? SPACE : (head[i] as number);
  return sum === Number.parseInt(digits, 8);
}
