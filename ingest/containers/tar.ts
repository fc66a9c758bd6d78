// Reads the files of a tar archive in order (POSIX.1-2001 pax, GNU and ustar, by tar-stream).

import { pipeline } from 'node:stream';
import tar from 'tar-stream';
import type { Blocks, NamedBlocks } from './blocks.ts';
import { corruptContainer } from './errors.ts';

const FILES: ReadonlySet<unknown> = new Set(['file', 'contiguous-file', null, undefined]);

/** The caller must read each entry to its end before the next. */
export async function* tarEntries(blocks: Blocks): AsyncGenerator<NamedBlocks> {
  let sourceError: unknown;
  async function* watched(): AsyncGenerator<Buffer> {
    try {
      yield* blocks;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  const guarded = async function* (entry: Blocks): AsyncGenerator<Buffer> {
    try {
      yield* entry;
    } catch (cause) {
      throw sourceError ?? corruptContainer('tar', cause);
    }
  };
  const extract = tar.extract();
  pipeline(watched(), extract, () => {});
  const entries = extract[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await entries.next().catch((cause: unknown) => {
        throw sourceError ?? corruptContainer('tar', cause);
      });
      if (next.done) return;
      const { name, type } = next.value.header;
      if (FILES.has(type)) yield { name, blocks: guarded(next.value as unknown as Blocks) };
      else next.value.resume();
    }
  } finally {
    extract.destroy();
  }
}
