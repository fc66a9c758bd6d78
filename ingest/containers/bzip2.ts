// bzip2, streams one after the other, by unbzip2-stream, which checks the CRC of every block.

import createDecoder from 'unbzip2-stream';
import type { Blocks } from './blocks.ts';
import type { Budget } from './budget.ts';
import { ContainerError, corruptContainer } from './errors.ts';

export async function* decodeBzip2(blocks: Blocks, budget: Budget): AsyncGenerator<Buffer> {
  // A stream of the old kind: what comes of a block is emitted before `write` returns.
  const decoder = createDecoder();
  let decoded: Buffer[] = [];
  let decodedBytes = 0;
  let failure: unknown;
  decoder.on('data', (block: Buffer) => {
    // It keeps 900 KB to itself and gives all that they hold at the end, before anybody else can count it: 20 GB of a
    // bomb. What is thrown here ends it, and comes back as its error.
    decodedBytes += block.length;
    budget.assertProportion(decodedBytes);
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
