// Decodes concatenated zstd frames (RFC 8878), of which node:zlib only reads the first.

import { pipeline } from 'node:stream';
import zlib from 'node:zlib';
import type { Blocks } from './blocks.ts';
import { corruptContainer } from './errors.ts';

export async function* decodeZstd(blocks: Blocks): AsyncGenerator<Buffer> {
  const source = blocks[Symbol.asyncIterator]();
  let rest: Buffer[] = [];
  let failure: unknown;
  try {
    for (;;) {
      /** Blocks written to the decoder of this frame, which may not consume all of them. */
      const given: Buffer[] = [];
      async function* feed(): AsyncGenerator<Buffer> {
        for (const block of rest) {
          given.push(block);
          yield block;
        }
        try {
          for (let next = await source.next(); !next.done; next = await source.next()) {
            given.push(next.value);
            yield next.value;
          }
        } catch (error) {
          failure = error;
          throw error;
        }
      }
      const feeding = feed();
      const decoder = zlib.createZstdDecompress();
      pipeline(feeding, decoder, () => {});
      try {
        for await (const block of decoder) yield block as Buffer;
      } catch (cause) {
        throw failure ?? corruptContainer('zstd', cause);
      }
      const taken = decoder.bytesWritten;
      // Waits for a pending read.
      await feeding.return(undefined);
      rest = after(given, taken);
      if (rest.length === 0) {
        const { value, done } = await source.next();
        if (done) return;
        rest = [value];
      }
    }
  } finally {
    await source.return?.();
  }
}

/** The rest of the blocks after the first `bytes`. */
function after(blocks: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const rest: Buffer[] = [];
  for (const block of blocks) {
    if (skip < block.length) rest.push(block.subarray(skip));
    skip = Math.max(0, skip - block.length);
  }
  return rest;
}
