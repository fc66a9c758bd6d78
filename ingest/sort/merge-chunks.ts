// The chunks of an external sort as one stream: the second half of it. record-sorter.ts is the first.

import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { INDEX_NAMES, type IndexName, type RangeName } from '../../protocol/bucket-id.ts';
import { yieldToEventLoop } from '../../store/event-loop.ts';
import { Merge } from '../../store/run/merge.ts';
import { SECTION_LAYOUTS, type SectionName } from '../../store/run/run-facts.ts';
import { IngestError } from '../errors.ts';
import type { Chunk, Manifest } from '../manifest.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { BatchSorter, cutBatches } from './merge-records.ts';
import { buffersOnTheWay, sortInThreads } from './sorter-threads.ts';

/** What is read of all chunks together before it is sorted: it should fit the processor's cache. */
const BATCH_BYTES = 4 * 2 ** 20;
const MAX_READ_BYTES = 2 ** 20;
/** Smaller reads cost more than the cache gives. */
const MIN_READ_BYTES = 32 * 1024;
/** Where there is little memory for many chunks. */
const SMALLEST_READ_BYTES = 4096;
/** Below this the threads would take longer to start than to sort. */
const MIN_THREADED_BYTES = 64 * 2 ** 20;
/** The order of a batch, while it is sorted. */
const ORDER_BUFFERS = 2;
/** Of a merge of hashes. */
const RECORDS_A_BLOCK = 1 << 15;

class ChunkReader {
  readonly #chunk: Chunk;
  readonly #handle: number;
  #crc32 = 0;

  constructor(folder: string, chunk: Chunk) {
    this.#chunk = chunk;
    this.#handle = fs.openSync(path.join(folder, chunk.name), 'r');
  }

  /** Fills the buffer from `start` on, as far as there is something. @returns where it ends */
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
        'a file of finished work is not what was written',
        'Check the disk, then run the same command again: it begins anew.',
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
  const into = new Uint8Array(buffer.length);
  for (const batch of cutBatches(chunks, readBytes, () => buffer)) yield sorter.sort(batch, into);
}

function* mergeHashes(chunks: readonly ChunkReader[], name: RangeName, readBytes: number): Generator<Uint8Array> {
  const streams = chunks.map((chunk) => {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    return { readBlock: () => buffer.subarray(0, chunk.read(buffer, 0)) };
  });
  const layout = SECTION_LAYOUTS[name];
  const merge = new Merge(streams, layout);
  const { recordBytes } = layout;
  const block = new Uint8Array(RECORDS_A_BLOCK * recordBytes);
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
 * The merge of all chunks, equal keys in one record, as blocks that are good until the next is asked for.
 * @throws IngestError `CHUNK_CORRUPT`, at the latest when the merge ends
 */
export async function* mergeChunks(
  folder: string,
  index: SectionName,
  chunks: readonly Chunk[],
  plan: Pick<MemoryPlan, 'mergeBytes' | 'threads'>,
): AsyncGenerator<Uint8Array> {
  const isKeyed = INDEX_NAMES.includes(index as IndexName);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const threads = isKeyed && bytes >= MIN_THREADED_BYTES ? plan.threads : 0;
  // What is held of each, and batches with what comes out of them.
  const buffers = 1 + buffersOnTheWay(threads) + ORDER_BUFFERS * Math.max(1, threads);
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

/** Merges chunks into larger ones until those that are left can be merged at once. */
export async function reduceChunks(
  manifest: Manifest,
  index: SectionName,
  plan: MemoryPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = new ChunkWriter(SECTION_LAYOUTS[index].recordBytes);
  for (let chunks = manifest.chunks(index); chunks.length > plan.fanIn; chunks = manifest.chunks(index)) {
    // The oldest first; the last pass takes no more than it must.
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
