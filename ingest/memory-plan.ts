// How an ingest divides the memory that it may use: one bound for the process, all threads and buffers counted.

import os from 'node:os';
import type { SuiteName } from '../protocol/suite.ts';
import { MIN_SEGMENT_BYTES } from './input/segmenter.ts';

const MIB = 2 ** 20;

export const DEFAULT_MEMORY_BYTES = 1024 * MIB;
/** Node itself with our code, and what waits for its garbage collector. */
const PROCESS_BYTES = 104 * MIB;
/** An isolate with our code, the batch kernels, the buffers of a chunk that is written. */
const THREAD_BYTES = 44 * MIB;
/** Below this another thread only makes chunks smaller. */
const MIN_WORK_BYTES = 16 * MIB;
/** A line of 30 bytes makes three records, each of 36 bytes while it is sorted. */
const SORTER_TO_SEGMENT = 4;
/** An `oprf` segment of this size keeps a thread busy for some seconds. */
const MAX_SEGMENT_BYTES = { hmac: 64 * MIB, oprf: MIB / 4 } as const;
/** Segments a thread at the least, so that all threads end at about the same time. */
const SEGMENTS_A_THREAD = 4;
/** Files open at once, below the usual limit of 1,024. */
const MAX_FAN_IN = 500;
const MIN_FAN_IN = 8;
const MIN_READ_BYTES = 64 * 1024;

export interface MemoryPlan {
  readonly threads: number;
  /** Text of a segment: one is filled while each thread has another. */
  readonly segmentBytes: number;
  /** Of each thread, for the records of all its indexes. */
  readonly sorterBytes: number;
  /** For the read buffers of a merge, when the threads have ended. */
  readonly mergeBytes: number;
  /** Chunks that are merged at once. */
  readonly fanIn: number;
}

/**
 * @param memoryBytes for the whole process
 * @param threads all cores unless given; fewer where they would not fit
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
  const wanted = Math.min(MAX_SEGMENT_BYTES[suite], workBytes / shares, corpusBytes / (SEGMENTS_A_THREAD * fitting));
  const segmentBytes = Math.max(MIN_SEGMENT_BYTES, Math.floor(wanted));
  return {
    // A small corpus is not worth a thread more.
    threads: Math.max(1, Math.min(fitting, Math.ceil(corpusBytes / segmentBytes))),
    segmentBytes,
    sorterBytes: SORTER_TO_SEGMENT * segmentBytes,
    mergeBytes: workBytes,
    fanIn: Math.min(MAX_FAN_IN, Math.max(MIN_FAN_IN, Math.floor(workBytes / MIN_READ_BYTES))),
  };
}
