// The files in a tar archive, in their order (POSIX.1-2001 pax, GNU and ustar, by tar-stream).

import { pipeline } from 'node:stream';
import tar from 'tar-stream';
import type { Blocks } from './blocks.ts';
import { corruptContainer } from './errors.ts';

const FILES: ReadonlySet<unknown> = new Set(['file', 'contiguous-file', null, undefined]);

/** Each entry has to be read to its end before the next. */
export async function* tarEntries(blocks: Blocks): AsyncGenerator<Blocks> {
  let ofSource: unknown;
  async function* watched(): AsyncGenerator<Buffer> {
    try {
      yield* blocks;
    } catch (error) {
      ofSource = error;
      throw error;
    }
  }
  const guarded = async function* (entry: Blocks): AsyncGenerator<Buffer> {
    try {
      yield* entry;
    } catch (cause) {
      throw ofSource ?? corruptContainer('tar', cause);
    }
  };
  const extract = tar.extract();
  pipeline(watched(), extract, () => {});
  const entries = extract[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await entries.next().catch((cause: unknown) => {
        throw ofSource ?? corruptContainer('tar', cause);
      });
      if (next.done) return;
      if (FILES.has(next.value.header.type)) yield guarded(next.value as unknown as Blocks);
      else next.value.resume();
    }
  } finally {
    extract.destroy();
  }
}
