// The keyed records of all runs as streams for a merge: of each run itself, or of groups of runs where there are many.

import fs from 'node:fs';
import path from 'node:path';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { Merge, NUMBERED_RECORD_BYTES, type RecordStream } from './merge.ts';
import { RECORD_BYTES } from './record.ts';
import { READ_BYTES, type Run, RunReader, writeFully } from './run.ts';

/** Files that are open at once, with a quarter of a mebibyte for each. */
export const MAX_OPEN_RUNS = 200;
const MIN_OPEN_RUNS = 16;
/** What publishing takes beside them: Node, our code, a bucket, SQLite's pages. */
const PROCESS_BYTES = 160 * 2 ** 20;

/** How many runs may be open where the process may take so much memory. */
export function openRunsWithin(memoryBytes: number): number {
  const fitting = Math.floor((memoryBytes - PROCESS_BYTES) / (2 * READ_BYTES));
  return Math.min(MAX_OPEN_RUNS, Math.max(MIN_OPEN_RUNS, fitting));
}
const BLOCK_RECORDS = 14_000;

/** One pass over all records. Indexes are taken in the order of `INDEX_NAMES`. */
export interface RunStreams {
  begin(index: IndexName): RecordStream[];
  /** At the end of the pass: whoever used the records may act on them after this only. @throws StoreError `RUN_CORRUPT` */
  finish(): void;
  close(): void;
}

export interface OpenReaders {
  readonly readers: readonly RunReader[];
  finish(): void;
  close(): void;
}

/** Readers of all runs, or of none. */
export function openReaders(runs: readonly Run[]): OpenReaders {
  const readers: RunReader[] = [];
  const close = (): void => {
    for (const reader of readers) reader.close();
  };
  try {
    for (const run of runs) readers.push(new RunReader(run));
  } catch (error) {
    close();
    throw error;
  }
  return {
    readers,
    finish: () => {
      for (const reader of readers) reader.finish();
    },
    close,
  };
}

/** @param first the number of the first run */
function openRuns(runs: readonly Run[], first: number): RunStreams {
  const { readers, finish, close } = openReaders(runs);
  return {
    begin: (index) =>
      readers.map((reader, place) => {
        reader.beginSection(index);
        return { number: first + place, numbered: false, readBlock: () => reader.readBlock() };
      }),
    finish,
    close,
  };
}

export interface BlockFile {
  /** In a buffer that the next call reuses; empty at the end. */
  readBlock(): Uint8Array;
  close(): void;
}

/** A file of records, in the order of a merge. */
export function openBlockFile(file: string, blockBytes: number): BlockFile {
  const handle = fs.openSync(file, 'r');
  const buffer = Buffer.allocUnsafeSlow(blockBytes);
  return {
    readBlock: () => {
      let filled = 0;
      for (let read = -1; read !== 0 && filled < buffer.length; filled += read)
        read = fs.readSync(handle, buffer, filled, buffer.length - filled, null);
      return buffer.subarray(0, filled);
    },
    close: () => fs.closeSync(handle),
  };
}

export interface GroupOptions {
  /** Where groups are written. */
  readonly folder: string;
  readonly indexes: readonly IndexName[];
  /** Now and then: may give way, may throw. */
  readonly turn: () => Promise<void>;
  readonly maxOpen?: number;
}

/**
 * Makes ready for passes over the runs. Their numbers are their places, from 1.
 * @returns what begins a pass
 * @throws StoreError `RUN_CORRUPT`
 */
export async function prepareRunStreams(runs: readonly Run[], options: GroupOptions): Promise<() => RunStreams> {
  const { folder, indexes, maxOpen = MAX_OPEN_RUNS } = options;
  if (runs.length <= maxOpen) return () => openRuns(runs, 1);
  fs.mkdirSync(folder, { recursive: true });
  const groups: string[] = [];
  for (let from = 0; from < runs.length; from += maxOpen) {
    const group = path.join(folder, `group-${groups.length}`);
    const streams = openRuns(runs.slice(from, from + maxOpen), from + 1);
    try {
      for (const index of indexes) await writeGroup(`${group}.${index}`, new Merge(streams.begin(index)), options.turn);
      streams.finish();
    } finally {
      streams.close();
    }
    groups.push(group);
  }
  return () => {
    let open: (RecordStream & BlockFile)[] = [];
    const close = (): void => {
      for (const stream of open) stream.close();
      open = [];
    };
    return {
      begin: (index) => {
        close();
        for (const group of groups) {
          const file = openBlockFile(`${group}.${index}`, BLOCK_RECORDS * NUMBERED_RECORD_BYTES);
          open.push({ ...file, number: 0, numbered: true });
        }
        return open;
      },
      finish: () => undefined,
      close,
    };
  };
}

async function writeGroup(file: string, merge: Merge, turn: () => Promise<void>): Promise<void> {
  const buffer = Buffer.alloc(BLOCK_RECORDS * NUMBERED_RECORD_BYTES);
  const handle = fs.openSync(file, 'w', 0o600);
  try {
    let filled = 0;
    while (merge.next()) {
      merge.writeRecord(buffer, filled);
      buffer.writeUInt16BE(merge.source, filled + RECORD_BYTES);
      filled += NUMBERED_RECORD_BYTES;
      if (filled < buffer.length) continue;
      writeFully(handle, buffer, filled);
      filled = 0;
      await turn();
    }
    writeFully(handle, buffer, filled);
  } finally {
    fs.closeSync(handle);
  }
}
