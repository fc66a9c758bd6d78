// Decompresses gzip (RFC 1952), zstd, xz and bzip2, each with any number of members.

import zlib from 'node:zlib';
import { type Blocks, decodeWith } from './blocks.ts';
import type { Budget } from './budget.ts';
import { decodeBzip2 } from './bzip2.ts';
import type { Compression } from './magic.ts';
import { decodeXz } from './xz.ts';
import { decodeZstd } from './zstd.ts';

const GZIP_BLOCK_BYTES = 1 << 18;

/** @throws ContainerError `CONTAINER_CORRUPT`, after the readable part; `CONTAINER_RATIO` */
export function decompress(kind: Compression, blocks: Blocks, budget: Budget): AsyncGenerator<Buffer> {
  switch (kind) {
    case 'gzip':
      return decodeWith(zlib.createGunzip({ chunkSize: GZIP_BLOCK_BYTES }), kind, blocks);
    case 'zstd':
      return decodeZstd(blocks);
    case 'xz':
      return decodeXz(blocks);
    case 'bzip2':
      return decodeBzip2(blocks, budget);
  }
}
