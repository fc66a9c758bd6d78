// Decompresses gzip (RFC 1952), zstd, xz, bzip2 and brotli (RFC 7932), each with any number of
// members, except brotli.

import zlib from 'node:zlib';
import { type Blocks, decodeWith } from './blocks.ts';
import type { Compression } from './magic.ts';
import { decodeZstd } from './zstd.ts';

const CHUNK = { chunkSize: 1 << 18 };

/**
 * @param count is called with the length of each unpacked block; it may throw to stop
 * @throws ContainerError `CONTAINER_CORRUPT`, after the readable part
 */
export function decompress(kind: Compression, blocks: Blocks, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  // It counts while it decodes: a single block of input may unpack to gigabytes.
  if (kind === 'bzip2') return bunzip2(blocks, count);
  return counted(decode(kind, blocks), count);
}

function decode(kind: Exclude<Compression, 'bzip2'>, blocks: Blocks): AsyncGenerator<Buffer> {
  switch (kind) {
    case 'gzip':
      return decodeWith(zlib.createGunzip(CHUNK), kind, blocks);
    case 'brotli':
      return decodeWith(zlib.createBrotliDecompress(CHUNK), kind, blocks);
    case 'zstd':
      return decodeZstd(blocks);
    case 'xz':
      return unxz(blocks);
  }
}

// These decoders are no part of Node, and load on demand.

async function* bunzip2(blocks: Blocks, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  const { decodeBzip2 } = await import('./bzip2.ts');
  yield* decodeBzip2(blocks, count);
}

async function* unxz(blocks: Blocks): AsyncGenerator<Buffer> {
  const { decodeXz } = await import('./xz.ts');
  yield* decodeXz(blocks);
}

async function* counted(blocks: Blocks, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    count(block.length);
    yield block;
  }
}
