// Decodes concatenated xz streams (.xz file format 1.2.1) by liblzma in WebAssembly, with every
// check and filter.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import createLzma from 'node-liblzma/wasm/liblzma.js';
import type { Blocks } from './blocks.ts';
import { MAX_XZ_MEMORY } from './decoder-memory.ts';
import { ContainerError, corruptContainer } from './errors.ts';

/** struct lzma_stream of liblzma's base.h, in wasm32. */
const STREAM_BYTES = 96;
const NEXT_IN = 0;
const AVAIL_IN = 4;
const NEXT_OUT = 16;
const AVAIL_OUT = 20;

const CONCATENATED = 0x08;
const RUN = 0;
const FINISH = 3;
const OK = 0;
const STREAM_END = 1;
const MEMORY_LIMIT_ERROR = 6;

const OUT_BYTES = 1 << 18;

/** This build takes a u64 as two halves, the lower first, although its types declare a bigint. */
type StartDecoder = (stream: number, memoryLow: number, memoryHigh: number, flags: number) => number;

let wasmBinary: Buffer | undefined;

export async function* decodeXz(blocks: Blocks): AsyncGenerator<Buffer> {
  wasmBinary ??= fs.readFileSync(fileURLToPath(import.meta.resolve('node-liblzma/wasm/liblzma.wasm')));
  // One instance per stream, which frees its memory with it.
  const lzma = await createLzma({ wasmBinary });
  const stream = lzma._malloc(STREAM_BYTES);
  lzma.HEAPU8.fill(0, stream, stream + STREAM_BYTES);
  const out = lzma._malloc(OUT_BYTES);
  const startDecoder = lzma._lzma_stream_decoder as unknown as StartDecoder;
  if (startDecoder(stream, MAX_XZ_MEMORY, 0, CONCATENATED) !== OK) throw new RangeError('liblzma did not start');

  /** Decodes until the input is consumed. @returns whether the last stream has ended */
  function* code(action: number): Generator<Buffer, boolean> {
    for (;;) {
      lzma.setValue(stream + NEXT_OUT, out, 'i32');
      lzma.setValue(stream + AVAIL_OUT, OUT_BYTES, 'i32');
      const result = lzma._lzma_code(stream, action);
      const room = lzma.getValue(stream + AVAIL_OUT, 'i32');
      // Reads HEAPU8 again: it is replaced when the memory grows.
      if (room < OUT_BYTES) yield Buffer.from(lzma.HEAPU8.slice(out, out + OUT_BYTES - room));
      if (result === STREAM_END) return true;
      if (result === MEMORY_LIMIT_ERROR)
        throw new ContainerError(
          'CONTAINER_UNSUPPORTED',
          'an xz stream needs more than 128 MiB to unpack',
          'Unpack it first: xz -d.',
        );
      if (result !== OK) throw corruptContainer('xz');
      if (action === RUN && room > 0 && lzma.getValue(stream + AVAIL_IN, 'i32') === 0) return false;
    }
  }

  for await (const block of blocks) {
    const input = lzma._malloc(block.length);
    lzma.HEAPU8.set(block, input);
    lzma.setValue(stream + NEXT_IN, input, 'i32');
    lzma.setValue(stream + AVAIL_IN, block.length, 'i32');
    yield* code(RUN);
    lzma._free(input);
  }
  // liblzma reports BUF_ERROR for truncated streams.
  yield* code(FINISH);
}
