// Decodes concatenated bzip2 streams by unbzip2-stream, which checks the CRC of every block.

import createDecoder from 'unbzip2-stream';
import type { Blocks } from './blocks.ts';
import { ContainerError, corruptContainer } from './errors.ts';

/** @param count as in `decompress` */
export async function* decodeBzip2(blocks: Blocks, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  // An old-style stream: it emits the output of a block before `write` returns.
  const decoder = createDecoder();
  let decoded: Buffer[] = [];
  let failure: unknown;
  decoder.on('data', (block: Buffer) => {
    // The decoder buffers 900 KB of input and unpacks them all at the end, 20 GB for a bomb. An
    // error thrown here stops it, and comes back as its `error` event.
    count(block.length);
    decoded.push(block);
  });
  decoder.on('error', (error: unknown) => {
    failure ??= error;
  });
  function* take(): Generator<Buffer> {
    if (failure instanceof ContainerError) throw failure;
    if (failure !== undefined) throw corruptContainer('bzip2', failure);
    yield* decoded;
    decoded = [];
  }
  for await (const block of blocks) {
    decoder.write(block);
    yield* take();
  }
  decoder.end();
  yield* take();
}
