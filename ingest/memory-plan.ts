// Divides the memory of an ingest: one limit for the process, including all threads and buffers.

import os from 'node:os';
import type { SuiteName } from '../protocol/suite.ts';
import { IngestError } from './errors.ts';
import { MIN_SEGMENT_BYTES } from './input/segmenter.ts';

const MIB = 2 ** 20;

export const DEFAULT_MEMORY_BYTES = 1024 * MIB;
/**
 * Node with our code, and 32 MiB of blocks that were read: V8 collects them when they are as many.
 * Measured, as are the other shares; docs/benchmarks.md has the figures.
 */
const PROCESS_BYTES = 168 * MIB;
/** An isolate, our code, the batch kernels, and the buffers of one chunk writer. */
const THREAD_BYTES = 40 * MIB;
/** Compressor, encryption and the buffers between them, measured. */
export const ARCHIVE_BYTES = 40 * MIB;
/** Below this, one more thread only makes chunks smaller. */
const MIN_WORK_BYTES = 16 * MIB;
const SMALLEST_BYTES = PROCESS_BYTES + THREAD_BYTES + MIN_WORK_BYTES;
/** The smallest limit that is accepted: that of an ingest which also unpacks. */
export const MIN_MEMORY_BYTES = SMALLEST_BYTES + 32 * MIB;
const MEMORY_STEP = 32 * MIB;
/** A line of 30 bytes makes three records, which take 46 bytes each while they are sorted. */
const SORTER_TO_SEGMENT = 5;
/** An `oprf` segment of this size keeps a thread busy for a few seconds. */
const MAX_SEGMENT_BYTES = { hmac: 64 * MIB, oprf: MIB / 4 } as const;
/** Minimum segments per thread, so that all threads finish at about the same time. */
const SEGMENTS_PER_THREAD = 4;
/** Open files, below the usual limit of 1,024. */
const MAX_FAN_IN = 500;
const MIN_FAN_IN = 8;
const MIN_READ_BYTES = 64 * 1024;

export interface MemoryPlan {
  readonly threads: number;
  /** Bytes per segment: one per thread, and one that is being filled. */
  readonly segmentBytes: number;
  /** Per thread, for the records of all indexes. */
  readonly sorterBytes: number;
  /** For the read buffers of the merge, after the threads have exited. */
  readonly mergeBytes: number;
  /** Chunks merged at a time. */
  readonly fanIn: number;
}

/**
 * @param besideBytes what is taken beside the plan
 * @throws IngestError `MEMORY_TOO_SMALL`
 */
export function assertMemorySuffices(memoryBytes: number, besideBytes: number): void {
  if (memoryBytes >= SMALLEST_BYTES + besideBytes) return;
  const needed = Math.ceil((SMALLEST_BYTES + besideBytes) / MEMORY_STEP) * MEMORY_STEP;
  throw new IngestError(
    'MEMORY_TOO_SMALL',
    `unpacking these files, or their archive, takes ${Math.ceil(besideBytes / MIB)} MiB more than other ingests`,
    `Run it again with --memory ${needed / MIB}MiB or more, or unpack the files first.`,
  );
}

/**
 * @param memoryBytes limit of the whole process
 * @param threads default: all cores; reduced if the memory is too small for them
 * @param corpusBytes undefined for a stream
 */
export function planMemory(
  suite: SuiteName,
  memoryBytes = DEFAULT_MEMORY_BYTES,
  threads = os.availableParallelism(),
  corpusBytes = Number.POSITIVE_INFINITY,
): MemoryPlan {
  const rest = (count: number): number => memoryBytes - PROCESS_BYTES - count * THREAD_BYTES;
  let fitting = Math.max(1, threads);
  while (fitting > 1 && rest(fitting) < fitting * MIN_WORK_BYTES) fitting--;
  const workBytes = Math.max(0, rest(fitting));
  const shares = fitting + 1 + SORTER_TO_SEGMENT * fitting;
  const wanted = Math.min(MAX_SEGMENT_BYTES[suite], workBytes / shares, corpusBytes / (SEGMENTS_PER_THREAD * fitting));
  const segmentBytes = Math.max(MIN_SEGMENT_BYTES, Math.floor(wanted));
  return {
    // A small corpus needs fewer threads.
    threads: Math.max(1, Math.min(fitting, Math.ceil(corpusBytes / segmentBytes))),
    segmentBytes,
    sorterBytes: SORTER_TO_SEGMENT * segmentBytes,
    mergeBytes: workBytes,
    fanIn: Math.min(MAX_FAN_IN, Math.max(MIN_FAN_IN, Math.floor(workBytes / MIN_READ_BYTES))),
  };
}
