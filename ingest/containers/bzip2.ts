// bzip2, streams one after the other, by unbzip2-stream, which checks the CRC of every block.

import createDecoder from 'unbzip2-stream';
import type { Blocks } from './blocks.ts';
import { corruptContainer } from './errors.ts';

export async function* decodeBzip2(blocks: Blocks): AsyncGenerator<Buffer> {
  // A stream of the old kind: what comes of a block is emitted before `write` returns.
  const decoder = createDecoder();
  let decoded: Buffer[] = [];
  let failure: unknown;
  decoder.on('data', (block: Buffer) => decoded.push(block));
  decoder.on('error', (error: unknown) => {
    failure ??= error;
  });
  function* take(): Generator<Buffer> {
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
