// The records of all runs as streams for a merge: one stream for each run or, if there are more
// runs than may be open, for each group of runs, merged beforehand.

import fs from 'node:fs';
import path from 'node:path';
import { writeU16 } from '../../protocol/bytes.ts';
import { PRIVATE_FOLDER } from '../dataset.ts';
import { workAltered } from '../errors.ts';
import { writeFully } from '../files.ts';
import { Merge, type NameSource, NUMBER_BYTES, type RecordStream } from './merge.ts';
import { type PartedRecords, PartReader, type PartTables } from './part-reader.ts';
import { EMPTY_TABLE, PARTS, PartTally } from './part-table.ts';
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

/** Runs that were merged: plain values, so that threads carry them. */
export interface RunGroup {
  /** Its files begin with this. */
  readonly path: string;
  /** Made while they were written: they lie there until they are read. */
  readonly tables: PartTables;
}

/**
 * Merges runs in groups of as many as may be open, and checks each of them.
 * @returns the groups, each with a file for each section
 * @throws StoreError `RUN_CORRUPT`
 */
export async function writeGroups(runs: readonly Run[], options: GroupOptions): Promise<RunGroup[]> {
  const { folder, sections, turn, maxOpen = MAX_OPEN_RUNS } = options;
  fs.mkdirSync(folder, PRIVATE_FOLDER);
  const groups: RunGroup[] = [];
  for (let from = 0; from < runs.length; from += maxOpen) {
    const group = path.join(folder, `group-${groups.length}`);
    const tables: { [name in SectionName]?: Uint8Array } = {};
    const streams = openRuns(runs.slice(from, from + maxOpen), from + 1, options);
    const nameOf = runNames(runs);
    try {
      for (const section of sections) {
        const layout = SECTION_LAYOUTS[section];
        const merge = new Merge(streams.begin(section), layout, nameOf);
        tables[section] = await writeGroup(groupFile(group, section), merge, layout, turn);
      }
      streams.finish();
    } finally {
      streams.close();
    }
    groups.push({ path: group, tables });
  }
  return groups;
}

const groupFile = (group: string, section: SectionName): string => `${group}.${section}`;

const groupRecordBytes = ({ recordBytes, numbered }: RecordLayout): number =>
  numbered ? recordBytes + NUMBER_BYTES : recordBytes;

/** The records of a group. */
export function groupRecords({ path: group, tables }: RunGroup, section: SectionName): PartedRecords {
  const [file, layout] = [groupFile(group, section), SECTION_LAYOUTS[section]];
  const shape = { recordBytes: groupRecordBytes(layout), numbered: layout.numbered };
  return { file, position: 0, ...shape, table: tables[section] ?? EMPTY_TABLE, refuse: () => workAltered(file) };
}

/** @returns the part table of its records */
async function writeGroup(
  file: string,
  merge: Merge,
  layout: RecordLayout,
  turn: () => Promise<void>,
): Promise<Uint8Array> {
  const { recordBytes, numbered } = layout;
  const buffer = Buffer.alloc(BLOCK_RECORDS * groupRecordBytes(layout));
  const tally = new PartTally(groupRecordBytes(layout));
  const handle = fs.openSync(file, 'wx', 0o600);
  const write = (bytes: number): void => {
    tally.add(buffer.subarray(0, bytes));
    writeFully(handle, buffer, bytes);
  };
  try {
    let filled = 0;
    while (merge.next()) {
      merge.writeRecord(buffer, filled);
      if (numbered) writeU16(buffer, filled + recordBytes, merge.source);
      filled += groupRecordBytes(layout);
      if (filled < buffer.length) continue;
      write(filled);
      filled = 0;
      await turn();
    }
    write(filled);
    return tally.table();
  } finally {
    fs.closeSync(handle);
  }
}

/** Group files need no check at the end: their parts are verified as they are read. */
function openGroups(groups: readonly RunGroup[]): RunStreams {
  let open: PartReader[] = [];
  const close = (): void => {
    for (const file of open) file.close();
    open = [];
  };
  return {
    begin(section) {
      close();
      for (const group of groups) open.push(new PartReader(groupRecords(group, section), { from: 0, to: PARTS }));
      return open;
    },
    finish: () => undefined,
    close,
  };
}
