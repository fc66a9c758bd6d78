// The chunks of an external sort as one stream: the second half of it. record-sorter.ts is the first.

import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { INDEX_NAMES, type IndexName, type RangeName } from '../protocol/bucket-id.ts';
import { Merge, type RecordStream } from '../store/merge.ts';
import { RangeMerge } from '../store/range-merge.ts';
import { HASH_BYTES } from '../store/range-record.ts';
import { SECTION_RECORD_BYTES, type SectionName } from '../store/run-facts.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { IngestError } from './errors.ts';
import type { Chunk, Manifest } from './manifest.ts';
import type { MemoryPlan } from './memory.ts';

const MAX_READ_BYTES = 1024 * 1024;
const MIN_READ_BYTES = 4096;

class ChunkStream implements RecordStream {
  readonly number = 0;
  readonly #chunk: Chunk;
  readonly #handle: number;
  readonly #buffer: Buffer;
  #crc32 = 0;

  constructor(folder: string, chunk: Chunk, readBytes: number) {
    this.#chunk = chunk;
    this.#handle = fs.openSync(path.join(folder, chunk.name), 'r');
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, chunk.bytes));
  }

  readBlock(): Uint8Array {
    let filled = 0;
    while (filled < this.#buffer.length) {
      const read = fs.readSync(this.#handle, this.#buffer, filled, this.#buffer.length - filled, null);
      if (read === 0) break;
      filled += read;
    }
    const block = this.#buffer.subarray(0, filled);
    this.#crc32 = crc32(block, this.#crc32);
    if (filled === 0 && this.#crc32 !== this.#chunk.crc32)
      throw new IngestError(
        'CHUNK_CORRUPT',
        'a file of finished work is not what was written',
        'Check the disk, then run the same command again: it begins anew.',
      );
    return block;
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}

/** Merged records, one at a time. */
export interface SortedRecords {
  /** Moves to the next; false at the end. */
  next(): boolean;
  /** Writes the current record to `out[at]`. */
  writeRecord(out: Uint8Array, at: number): void;
}

function createMerge(index: SectionName, streams: readonly ChunkStream[]): SortedRecords {
  if (INDEX_NAMES.includes(index as IndexName)) return new Merge(streams);
  const merge = new RangeMerge(streams, HASH_BYTES[index as RangeName]);
  return { next: () => merge.next(), writeRecord: (out, at) => out.set(merge.record, at) };
}

/**
 * Gives `each` the merge of all chunks, equal keys in one record.
 * @param memoryBytes for the buffers of all chunks together
 * @throws IngestError `CHUNK_CORRUPT`, at the latest when the merge ends
 */
export async function mergeChunks(
  folder: string,
  index: SectionName,
  chunks: readonly Chunk[],
  memoryBytes: number,
  each: (merge: SortedRecords) => Promise<void>,
): Promise<void> {
  const share = Math.min(MAX_READ_BYTES, Math.max(MIN_READ_BYTES, memoryBytes / Math.max(1, chunks.length)));
  const readBytes = Math.floor(share / SECTION_RECORD_BYTES[index]) * SECTION_RECORD_BYTES[index];
  const streams: ChunkStream[] = [];
  try {
    for (const chunk of chunks) streams.push(new ChunkStream(folder, chunk, readBytes));
    await each(createMerge(index, streams));
  } finally {
    for (const stream of streams) stream.close();
  }
}

/** Records between two looks at the abort signal. */
const RECORDS_A_TURN = 1 << 18;

/** Merges chunks into larger ones until those that are left can be merged at once. */
export async function reduceChunks(
  manifest: Manifest,
  index: SectionName,
  plan: MemoryPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = new ChunkWriter(SECTION_RECORD_BYTES[index]);
  for (let chunks = manifest.chunks(index); chunks.length > plan.fanIn; chunks = manifest.chunks(index)) {
    // The oldest first; the last pass takes no more than it must.
    const taken = chunks.slice(0, Math.min(plan.fanIn, chunks.length - plan.fanIn + 1));
    const merged = taken.map(({ name }) => name);
    writer.begin(path.join(manifest.folder, `merged-${merged[0]}`));
    try {
      await mergeChunks(manifest.folder, index, taken, plan.mergeBytes, async (merge) => {
        for (let records = 1; merge.next(); records++) {
          merge.writeRecord(writer.buffer, writer.reserve());
          if (records % RECORDS_A_TURN === 0) await letSignalsIn(signal);
        }
      });
      writer.finish({
        done: (file, bytes, checksum) =>
          manifest.append({ index, merged, chunk: { name: path.basename(file), bytes, crc32: checksum } }),
      });
    } finally {
      writer.close();
    }
    await letSignalsIn(signal);
  }
}

/** An interruption arrives as an event: a turn of the event loop, and then a look. */
export async function letSignalsIn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
