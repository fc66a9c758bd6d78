// The records of all runs, part by part: of each run, or of each group of runs that were merged
// beforehand. Plain values, so that threads carry them.

import type { RecordStream } from './merge.ts';
import { hasRecords, type KeyRange, PartReader, type PartTables, readPartTables, recordsOf } from './part-reader.ts';
import { EMPTY_TABLE, PartTally, partTableBytes } from './part-table.ts';
import { type RunRemoval, withoutRemoved } from './removal.ts';
import { corruptRun, type Run } from './run.ts';
import { RunReader } from './run-reader.ts';
import { groupRecords, type RunGroup } from './run-streams.ts';
import { SECTION_LAYOUTS, type SectionName } from './sections.ts';

export interface PartSource {
  readonly run: Run;
  readonly tables: PartTables;
  /** What suppressed names take out of it. */
  readonly removal?: RunRemoval;
}

export interface PartSources {
  /** In order. */
  readonly runs: readonly PartSource[];
  /** Instead of the runs, if there are more than may be open. */
  readonly groups: readonly RunGroup[];
}

/** @throws StoreError `RUN_CORRUPT` */
export function preparePartSource(
  run: Run,
  sections: readonly SectionName[],
  removal: RunRemoval | undefined,
): PartSource {
  // What describes the corpus may have megabytes.
  const { report: _, ...facts } = run.facts;
  return {
    run: { ...run, facts: { ...facts, files: [] } },
    tables: readPartTables(run, sections),
    ...(removal && { removal }),
  };
}

/** One part of a section, of all runs. */
export interface PartStreams {
  readonly streams: RecordStream[];
  close(): void;
}

/**
 * @param verifies false leaves out the digests of parts
 * @throws StoreError `RUN_CORRUPT`, `WORK_ALTERED`
 */
export function openPartStreams(
  { runs, groups }: PartSources,
  section: SectionName,
  range: KeyRange,
  verifies: boolean,
): PartStreams {
  const open: (RecordStream & { close(): void })[] = [];
  const close = (): void => {
    for (const reader of open) reader.close();
  };
  try {
    if (groups.length > 0) {
      for (const group of groups) open.push(new PartReader(groupRecords(group, section), range, 0, verifies));
      return { streams: open, close };
    }
    const streams: RecordStream[] = [];
    for (const [place, { run, tables, removal }] of runs.entries()) {
      if (!hasRecords(tables, section, range)) continue;
      const reader = new PartReader(recordsOf(run, tables, section), range, place + 1, verifies);
      open.push(reader);
      streams.push(section === 'account' && removal ? withoutRemoved(reader, removal) : reader);
    }
    return { streams, close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Reads a whole run, and checks all that can be checked without others; also that its parts are
 * read by its own tables, which were read before. @throws StoreError `RUN_CORRUPT`
 */
export function checkRun({ run, tables }: PartSource): void {
  const { sections } = run.facts;
  const found: { [name in SectionName]?: Uint8Array } = {};
  const reader = new RunReader(run);
  try {
    for (const { index, records } of sections) if (partTableBytes(records) === 0) found[index] = tally(reader, index);
    const end = reader.finish();
    let at = 0;
    for (const { index, records } of sections) {
      const bytes = partTableBytes(records);
      if (bytes > 0) found[index] = end.subarray(at, at + bytes);
      at += bytes;
    }
  } finally {
    reader.close();
  }
  for (const [index, table] of Object.entries(tables) as [SectionName, Uint8Array][])
    if (Buffer.compare(table, found[index] ?? EMPTY_TABLE) !== 0)
      throw corruptRun(run.file, 'it changed while it was published');
}

/** The table of a short section, which has none in its run. */
function tally(reader: RunReader, index: SectionName): Uint8Array {
  const parts = new PartTally(SECTION_LAYOUTS[index].recordBytes);
  reader.beginSection(index);
  for (let block = reader.readBlock(); block.length > 0; block = reader.readBlock()) parts.add(block);
  return parts.table();
}
