// The records of all runs as streams for a merge: one stream for each run or, if there are more
// runs than may be open, for each group of runs, merged beforehand.

import fs from 'node:fs';
import path from 'node:path';
import { writeU16 } from '../../protocol/bytes.ts';
import { PRIVATE_FOLDER } from '../dataset.ts';
import { writeFully } from '../files.ts';
import { Merge, type NameSource, NUMBER_BYTES, type RecordStream } from './merge.ts';
import type { RecordLayout } from './record-layout.ts';
import { type RunRemoval, withoutRemoved } from './removal.ts';
import type { Run } from './run.ts';
import { READ_BYTES, RunReader } from './run-reader.ts';
import { SECTION_LAYOUTS, type SectionName } from './sections.ts';

/** Maximum number of open files, each with a read buffer of a quarter of a mebibyte. */
export const MAX_OPEN_RUNS = 200;
const MIN_OPEN_RUNS = 16;
/** Memory of publishing beside the read buffers: Node, our code, a bucket, SQLite's pages. */
const PROCESS_BYTES = 160 * 2 ** 20;
/** Records in the buffer of a group. */
const BLOCK_RECORDS = 14_000;

/** The number of runs that may be open if the process may use this much memory. */
export function openRunsWithin(memoryBytes: number): number {
  const fitting = Math.floor((memoryBytes - PROCESS_BYTES) / (2 * READ_BYTES));
  return Math.min(MAX_OPEN_RUNS, Math.max(MIN_OPEN_RUNS, fitting));
}

/** Names runs by their numbers; number 0 has the test credentials. */
export const runNames =
  (runs: readonly Run[]): NameSource =>
  (number) => {
    const run = runs[number - 1];
    return run ? `run ${run.file}` : 'the test credentials of this key';
  };

/** One pass over the records. */
export interface RunStreams {
  /** Starts a section. Sections must be taken in the order of `SECTION_NAMES`. */
  begin(section: SectionName): RecordStream[];
  /**
   * Ends the pass. Do not act on the records before this returns.
   * @throws StoreError `RUN_CORRUPT`
   */
  finish(): void;
  close(): void;
}

/** Opens all runs, or none if one of them fails. @param first number of the first run */
function openRuns(runs: readonly Run[], first: number, { checksParts = false, removed }: GroupOptions): RunStreams {
  const readers: RunReader[] = [];
  const close = (): void => {
    for (const reader of readers) reader.close();
  };
  try {
    for (const run of runs) readers.push(new RunReader(run, checksParts));
  } catch (error) {
    close();
    throw error;
  }
  return {
    begin: (section) =>
      readers.map((reader, place) => {
        reader.beginSection(section);
        const stream = { number: first + place, readBlock: () => reader.readBlock() };
        const removal = section === 'account' ? removed?.(runs[place] as Run) : undefined;
        return removal ? withoutRemoved(stream, removal) : stream;
      }),
    finish: () => {
      for (const reader of readers) reader.finish();
    },
    close,
  };
}

export interface GroupOptions {
  /** Folder for the files of groups. */
  readonly folder: string;
  readonly sections: readonly SectionName[];
  /** Called from time to time: it may yield, and it may throw. */
  readonly turn: () => Promise<void>;
  readonly maxOpen?: number;
  /** Compares the part tables of runs with their records. */
  readonly checksParts?: boolean;
  /** What suppressed names take out of a run. */
  readonly removed?: (run: Run) => RunRemoval | undefined;
}

/**
 * Prepares passes over the runs. A run's number is its place among `runs`, from 1.
 * @returns a function that opens one pass
 * @throws StoreError `RUN_CORRUPT`
 */
export async function prepareRunStreams(runs: readonly Run[], options: GroupOptions): Promise<() => RunStreams> {
  const { folder, sections, turn, maxOpen = MAX_OPEN_RUNS } = options;
  if (runs.length <= maxOpen) return () => openRuns(runs, 1, options);
  fs.mkdirSync(folder, PRIVATE_FOLDER);
  const groups: string[] = [];
  for (let from = 0; from < runs.length; from += maxOpen) {
    const group = path.join(folder, `group-${groups.length}`);
    const streams = openRuns(runs.slice(from, from + maxOpen), from + 1, options);
    const nameOf = runNames(runs);
    try {
      for (const section of sections) {
        const layout = SECTION_LAYOUTS[section];
        await writeGroup(`${group}.${section}`, new Merge(streams.begin(section), layout, nameOf), layout, turn);
      }
      streams.finish();
    } finally {
      streams.close();
    }
    groups.push(group);
  }
  return () => openGroups(groups);
}

const groupRecordBytes = ({ recordBytes, numbered }: RecordLayout): number =>
  numbered ? recordBytes + NUMBER_BYTES : recordBytes;

async function writeGroup(file: string, merge: Merge, layout: RecordLayout, turn: () => Promise<void>): Promise<void> {
  const { recordBytes, numbered } = layout;
  const buffer = Buffer.alloc(BLOCK_RECORDS * groupRecordBytes(layout));
  const handle = fs.openSync(file, 'wx', 0o600);
  try {
    let filled = 0;
    while (merge.next()) {
      merge.writeRecord(buffer, filled);
      if (numbered) writeU16(buffer, filled + recordBytes, merge.source);
      filled += groupRecordBytes(layout);
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

/** Group files need no check at the end: the runs were checked while the groups were written. */
function openGroups(groups: readonly string[]): RunStreams {
  let open: GroupFile[] = [];
  const close = (): void => {
    for (const file of open) file.close();
    open = [];
  };
  return {
    begin(section) {
      close();
      for (const group of groups) open.push(new GroupFile(`${group}.${section}`, SECTION_LAYOUTS[section]));
      return open;
    },
    finish: () => undefined,
    close,
  };
}

class GroupFile implements RecordStream {
  readonly numbered: boolean;
  readonly #handle: number;
  readonly #buffer: Buffer;

  constructor(file: string, layout: RecordLayout) {
    this.numbered = layout.numbered;
    this.#buffer = Buffer.allocUnsafeSlow(BLOCK_RECORDS * groupRecordBytes(layout));
    this.#handle = fs.openSync(file, 'r');
  }

  readBlock(): Uint8Array {
    const buffer = this.#buffer;
    let filled = 0;
    for (let read = -1; read !== 0 && filled < buffer.length; filled += read)
      read = fs.readSync(this.#handle, buffer, filled, buffer.length - filled, null);
    return buffer.subarray(0, filled);
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}
