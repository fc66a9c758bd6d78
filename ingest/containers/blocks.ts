// Streams of blocks: lookahead, and decoding by a stream of Node.

import { type Duplex, pipeline } from 'node:stream';
import { corruptContainer } from './errors.ts';

export type Blocks = AsyncIterable<Buffer>;

/** A file, or the entry of an archive. */
export interface NamedBlocks {
  /** As the archive spells it: any text. */
  readonly name: string;
  readonly blocks: Blocks;
}

/** Reads at least `bytes` ahead, or up to the end. The returned `blocks` is the whole stream. */
export async function lookAhead(blocks: Blocks, bytes: number): Promise<{ head: Buffer; blocks: Blocks }> {
  const iterator = blocks[Symbol.asyncIterator]();
  const ahead: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const { value, done } = await iterator.next();
    if (done) break;
    ahead.push(value);
    length += value.length;
  }
  const head = ahead.length === 1 ? (ahead[0] as Buffer) : Buffer.concat(ahead);
  async function* whole(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    try {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head, blocks: whole() };
}

/** Decodes blocks with a stream of Node. An error of the source passes through unchanged. */
export async function* decodeWith(decoder: Duplex, kind: string, blocks: Blocks): AsyncGenerator<Buffer> {
  let sourceError: unknown;
  async function* watched(): AsyncGenerator<Buffer> {
    try {
      yield* blocks;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  pipeline(watched(), decoder, () => {});
  try {
    for await (const block of decoder) yield block as Buffer;
  } catch (cause) {
    throw sourceError ?? corruptContainer(kind, cause);
  }
}
