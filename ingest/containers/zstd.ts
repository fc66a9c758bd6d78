// Decodes concatenated zstd frames (RFC 8878), of which node:zlib only reads the first.

import { pipeline } from 'node:stream';
import zlib from 'node:zlib';
import type { Blocks } from './blocks.ts';
import { ContainerError, corruptContainer } from './errors.ts';

export async function* decodeZstd(blocks: Blocks): AsyncGenerator<Buffer> {
  const source = blocks[Symbol.asyncIterator]();
  let rest: Buffer[] = [];
  let failure: unknown;
  try {
    for (;;) {
      const decoder = zlib.createZstdDecompress();
      const given = new GivenBlocks(() => decoder.bytesWritten);
      async function* feed(): AsyncGenerator<Buffer> {
        for (const block of rest) yield given.add(block);
        try {
          for (let next = await source.next(); !next.done; next = await source.next()) yield given.add(next.value);
        } catch (error) {
          failure = error;
          throw error;
        }
      }
      const feeding = feed();
      pipeline(feeding, decoder, () => {});
      try {
        for await (const block of decoder) yield block as Buffer;
      } catch (cause) {
        throw failure ?? (isTooLarge(cause) ? windowTooLarge(cause) : corruptContainer('zstd', cause));
      }
      // Waits for a pending read.
      await feeding.return(undefined);
      rest = given.rest();
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

const isTooLarge = (cause: unknown): boolean =>
  (cause as NodeJS.ErrnoException | undefined)?.code === 'ZSTD_error_frameParameter_windowTooLarge';

const windowTooLarge = (cause: unknown): ContainerError =>
  new ContainerError(
    'CONTAINER_UNSUPPORTED',
    'a zstd frame needs more than 128 MiB to unpack',
    'Unpack it first: zstd -d --long=31.',
    { cause },
  );

/** The blocks that the decoder of a frame was given, as far as it has not consumed them. */
class GivenBlocks {
  readonly #consumed: () => number;
  #blocks: Buffer[] = [];
  /** Bytes of the blocks before these. */
  #before = 0;

  /** @param consumed returns the number of bytes that the decoder has read */
  constructor(consumed: () => number) {
    this.#consumed = consumed;
  }

  add(block: Buffer): Buffer {
    this.#drop();
    this.#blocks.push(block);
    return block;
  }

  /** What follows the frame. */
  rest(): Buffer[] {
    this.#drop();
    const [first, ...others] = this.#blocks;
    return first ? [first.subarray(this.#consumed() - this.#before), ...others] : [];
  }

  #drop(): void {
    const consumed = this.#consumed();
    let dropped = 0;
    for (const { length } of this.#blocks) {
      if (this.#before + length > consumed) break;
      this.#before += length;
      dropped++;
    }
    this.#blocks = this.#blocks.slice(dropped);
  }
}
