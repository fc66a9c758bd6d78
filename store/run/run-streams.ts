// The records of all runs as streams for a merge: one stream for each run or, if there are more
// runs than may be open, for each group of runs, merged beforehand.

import fs from 'node:fs';
import path from 'node:path';
import { writeU16 } from '../../protocol/bytes.ts';
import { PRIVATE_FOLDER } from '../dataset.ts';
import { writeFully } from '../files.ts';
import { Merge, type NameSource, NUMBER_BYTES, type RecordStream } from './merge.ts';
import type { KeyRange } from './part-reader.ts';
import type { RecordLayout } from './record-layout.ts';
import { type RunRemoval, withoutRemoved } from './removal.ts';
import type { Run } from './run.ts';
import { RunReader } from './run-reader.ts';
import { SECTION_LAYOUTS, type SectionName } from './sections.ts';

/** Maximum number of open files, each with a read buffer of a quarter of a mebibyte. */
export const MAX_OPEN_RUNS = 200;
export const MIN_OPEN_RUNS = 16;
/** Records in the buffer of a group. */
const BLOCK_RECORDS = 14_000;

/** Names runs by their numbers; number 0 has the test credentials. */
export const runNames =
  (runs: readonly Pick<Run, 'file'>[]): NameSource =>
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
  if (runs.length <= (options.maxOpen ?? MAX_OPEN_RUNS)) return () => openRuns(runs, 1, options);
  const groups = await writeGroups(runs, options);
  return () => openGroups(groups);
}

/**
 * Merges runs in groups of as many as may be open, and checks each of them.
 * @returns the groups, each with a file for each section
 * @throws StoreError `RUN_CORRUPT`
 */
export async function writeGroups(runs: readonly Run[], options: GroupOptions): Promise<string[]> {
  const { folder, sections, turn, maxOpen = MAX_OPEN_RUNS } = options;
  fs.mkdirSync(folder, PRIVATE_FOLDER);
  const groups: string[] = [];
  for (let from = 0; from < runs.length; from += maxOpen) {
    const group = path.join(folder, `group-${groups.length}`);
    const streams = openRuns(runs.slice(from, from + maxOpen), from + 1, options);
    const nameOf = runNames(runs);
    try {
      for (const section of sections) {
        const layout = SECTION_LAYOUTS[section];
        await writeGroup(groupFile(group, section), new Merge(streams.begin(section), layout, nameOf), layout, turn);
      }
      streams.finish();
    } finally {
      streams.close();
    }
    groups.push(group);
  }
  return groups;
}

export const groupFile = (group: string, section: SectionName): string => `${group}.${section}`;

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
      for (const group of groups) open.push(new GroupFile(groupFile(group, section), SECTION_LAYOUTS[section]));
      return open;
    },
    finish: () => undefined,
    close,
  };
}

/** The records of a group, or of a part of them. */
export class GroupFile implements RecordStream {
  readonly numbered: boolean;
  readonly #handle: number;
  readonly #buffer: Buffer;
  readonly #recordBytes: number;
  #position = 0;
  #end = Number.POSITIVE_INFINITY;

  constructor(file: string, layout: RecordLayout, range?: KeyRange) {
    this.numbered = layout.numbered;
    this.#recordBytes = groupRecordBytes(layout);
    this.#buffer = Buffer.allocUnsafeSlow(BLOCK_RECORDS * this.#recordBytes);
    this.#handle = fs.openSync(file, 'r');
    if (!range) return;
    this.#position = this.#firstOf(range.from);
    this.#end = this.#firstOf(range.to);
  }

  readBlock(): Uint8Array {
    const buffer = this.#buffer;
    const length = Math.min(buffer.length, this.#end - this.#position);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < length; filled += read)
      read = fs.readSync(this.#handle, buffer, filled, length - filled, this.#position + filled);
    this.#position += filled;
    return buffer.subarray(0, filled);
  }

  close(): void {
    fs.closeSync(this.#handle);
  }

  /** Offset of the first record whose key begins with this byte, or a higher one. */
  #firstOf(byte: number): number {
    let low = 0;
    let high = fs.fstatSync(this.#handle).size / this.#recordBytes;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      fs.readSync(this.#handle, this.#buffer, 0, 1, middle * this.#recordBytes);
      if ((this.#buffer[0] as number) < byte) low = middle + 1;
      else high = middle;
    }
    return low * this.#recordBytes;
  }
}
