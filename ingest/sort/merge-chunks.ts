// Merges the chunks of an external sort into one stream: its second half. The sorters are the
// first.

import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { INDEX_NAMES, type IndexName, type RangeName } from '../../protocol/bucket-id.ts';
import { yieldToEventLoop } from '../../store/event-loop.ts';
import { Merge } from '../../store/run/merge.ts';
import { SECTION_LAYOUTS, type SectionName } from '../../store/run/sections.ts';
import { IngestError } from '../errors.ts';
import type { Chunk, Manifest } from '../manifest.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { BatchSorter, cutBatches } from './merge-records.ts';
import { batchesInFlight, sortInThreads } from './sorter-threads.ts';

/**
 * Bytes read from all chunks together before they are sorted. They should fit in the processor's
 * cache.
 */
const BATCH_BYTES = 2 ** 20;
const MAX_READ_BYTES = 2 ** 20;
/** Smaller reads cost more than the cache saves. */
const MIN_READ_BYTES = 32 * 1024;
/** For many chunks with little memory. */
const SMALLEST_READ_BYTES = 4096;
/** Below this, starting a thread takes longer than sorting. */
const MIN_THREADED_BYTES = 256 * 2 ** 20;
/** One sorts twice as fast as this thread hashes and writes. */
const SORTER_THREADS = 1;
/** A batch while it is sorted, and as much room. */
const SORT_BUFFERS = 2;
/** Records in a block of merged hashes. */
const BLOCK_RECORDS = 1 << 15;

class ChunkReader {
  readonly #chunk: Chunk;
  readonly #handle: number;
  #crc32 = 0;

  constructor(folder: string, chunk: Chunk) {
    this.#chunk = chunk;
    this.#handle = fs.openSync(path.join(folder, chunk.name), 'r');
  }

  /**
   * Fills the buffer from `start` to its end or that of the file.
   * @returns the end of the data
   * @throws IngestError `CHUNK_CORRUPT`
   */
  read(buffer: Uint8Array, start: number): number {
    let filled = start;
    while (filled < buffer.length) {
      const read = fs.readSync(this.#handle, buffer, filled, buffer.length - filled, null);
      if (read === 0) break;
      filled += read;
    }
    this.#crc32 = crc32(buffer.subarray(start, filled), this.#crc32);
    if (filled < buffer.length && this.#crc32 !== this.#chunk.crc32)
      throw new IngestError(
        'CHUNK_CORRUPT',
        'a file of finished work was altered or the disk is failing',
        'Check the disk, then run the same command again: it starts over.',
      );
    return filled;
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}

async function* mergeRecords(
  chunks: readonly ChunkReader[],
  readBytes: number,
  threads: number,
): AsyncGenerator<Uint8Array> {
  if (threads > 0) {
    yield* sortInThreads(threads, (newBuffer) => cutBatches(chunks, readBytes, newBuffer));
    return;
  }
  const buffer = new Uint8Array(chunks.length * readBytes);
  const sorter = new BatchSorter();
  for (const batch of cutBatches(chunks, readBytes, () => buffer)) yield sorter.sort(batch);
}

function* mergeHashes(chunks: readonly ChunkReader[], name: RangeName, readBytes: number): Generator<Uint8Array> {
  const streams = chunks.map((chunk) => {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    return { readBlock: () => buffer.subarray(0, chunk.read(buffer, 0)) };
  });
  const layout = SECTION_LAYOUTS[name];
  const merge = new Merge(streams, layout);
  const { recordBytes } = layout;
  const block = new Uint8Array(BLOCK_RECORDS * recordBytes);
  let filled = 0;
  while (merge.next()) {
    merge.writeRecord(block, filled);
    filled += recordBytes;
    if (filled < block.length) continue;
    yield block;
    filled = 0;
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/**
 * Merges all chunks; equal keys become one record. A block is valid until the next one is
 * requested.
 * @throws IngestError `CHUNK_CORRUPT`, at the latest at the end of the merge
 */
export async function* mergeChunks(
  folder: string,
  index: SectionName,
  chunks: readonly Chunk[],
  plan: Pick<MemoryPlan, 'mergeBytes' | 'threads'>,
): AsyncGenerator<Uint8Array> {
  const isKeyed = INDEX_NAMES.includes(index as IndexName);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const isThreaded = isKeyed && bytes >= MIN_THREADED_BYTES && plan.threads > 1;
  const threads = isThreaded ? SORTER_THREADS : 0;
  // A window of each chunk, and batches.
  const buffers = 1 + batchesInFlight(threads) + SORT_BUFFERS * Math.max(1, threads);
  const { recordBytes } = SECTION_LAYOUTS[index];
  const wanted = Math.min(MAX_READ_BYTES, Math.max(MIN_READ_BYTES, BATCH_BYTES / chunks.length));
  const share = Math.max(SMALLEST_READ_BYTES, Math.min(wanted, plan.mergeBytes / (buffers * chunks.length)));
  const readBytes = Math.floor(share / recordBytes) * recordBytes;
  const readers: ChunkReader[] = [];
  try {
    for (const chunk of chunks) readers.push(new ChunkReader(folder, chunk));
    if (isKeyed) yield* mergeRecords(readers, readBytes, threads);
    else yield* mergeHashes(readers, index as RangeName, readBytes);
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Merges chunks into larger ones until one merge can take all that remain. */
export async function reduceChunks(
  manifest: Manifest,
  index: SectionName,
  plan: MemoryPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = new ChunkWriter(SECTION_LAYOUTS[index].recordBytes);
  for (let chunks = manifest.chunks(index); chunks.length > plan.fanIn; chunks = manifest.chunks(index)) {
    // Oldest first. The last pass merges no more chunks than necessary.
    const taken = chunks.slice(0, Math.min(plan.fanIn, chunks.length - plan.fanIn + 1));
    const merged = taken.map(({ name }) => name);
    writer.begin(path.join(manifest.folder, `merged-${merged[0]}`));
    try {
      for await (const block of mergeChunks(manifest.folder, index, taken, plan)) {
        writer.append(block);
        await yieldToEventLoop(signal);
      }
      writer.finish({
        done: (file, bytes, checksum) =>
          manifest.append({ index, merged, chunk: { name: path.basename(file), bytes, crc32: checksum } }),
      });
    } finally {
      writer.close();
    }
    await yieldToEventLoop(signal);
  }
}
