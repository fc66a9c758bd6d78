// The range records of all runs as streams for a merge: of each run itself, or of groups of runs where there are many.

import fs from 'node:fs';
import path from 'node:path';
import type { RangeName } from '../../protocol/bucket-id.ts';
import { writeU32 } from '../../protocol/bytes.ts';
import { RangeMerge, type RangeStream } from './range-merge.ts';
import { HASH_BYTES, rangeRecordBytes } from './range-record.ts';
import { type Run, writeFully } from './run.ts';
import { type BlockFile, MAX_OPEN_RUNS, openBlockFile, openReaders } from './run-streams.ts';

const BLOCK_RECORDS = 12_000;

/** One pass over all range records. Ranges are taken in their order. */
export interface RangeStreams {
  begin(name: RangeName): RangeStream[];
  /** At the end of the pass: whoever used the records may act on them after this only. @throws StoreError `RUN_CORRUPT` */
  finish(): void;
  close(): void;
}

function openRuns(runs: readonly Run[]): RangeStreams {
  const { readers, finish, close } = openReaders(runs);
  return {
    begin(name) {
      for (const reader of readers) reader.beginSection(name);
      return [...readers];
    },
    finish,
    close,
  };
}

export interface RangeGroupOptions {
  /** Where groups are written. */
  readonly folder: string;
  readonly ranges: readonly RangeName[];
  /** Now and then: may give way, may throw. */
  readonly turn: () => Promise<void>;
  readonly maxOpen?: number;
}

/** @throws StoreError `RUN_CORRUPT` */
export async function openRangeStreams(runs: readonly Run[], options: RangeGroupOptions): Promise<RangeStreams> {
  const { folder, ranges, turn, maxOpen = MAX_OPEN_RUNS } = options;
  const feeding = runs.filter(({ facts }) =>
    facts.sections.some(({ index }) => (ranges as readonly string[]).includes(index)),
  );
  if (feeding.length <= maxOpen) return openRuns(feeding);
  fs.mkdirSync(folder, { recursive: true });
  const groups: string[] = [];
  for (let from = 0; from < feeding.length; from += maxOpen) {
    const group = path.join(folder, `group-${groups.length}`);
    const streams = openRuns(feeding.slice(from, from + maxOpen));
    try {
      for (const name of ranges) await writeGroup(`${group}.${name}`, name, streams.begin(name), turn);
      streams.finish();
    } finally {
      streams.close();
    }
    groups.push(group);
  }
  let open: BlockFile[] = [];
  const close = (): void => {
    for (const file of open) file.close();
    open = [];
  };
  return {
    begin(name) {
      close();
      for (const group of groups) open.push(openBlockFile(`${group}.${name}`, BLOCK_RECORDS * rangeRecordBytes(name)));
      return open;
    },
    finish: () => undefined,
    close,
  };
}

async function writeGroup(
  file: string,
  name: RangeName,
  streams: readonly RangeStream[],
  turn: () => Promise<void>,
): Promise<void> {
  const hashBytes = HASH_BYTES[name];
  const buffer = new Uint8Array(BLOCK_RECORDS * rangeRecordBytes(name));
  const handle = fs.openSync(file, 'w', 0o600);
  try {
    const merge = new RangeMerge(streams, hashBytes);
    let filled = 0;
    while (merge.next()) {
      buffer.set(merge.bytes.subarray(merge.at, merge.at + hashBytes), filled);
      writeU32(buffer, filled + hashBytes, merge.times);
      filled += rangeRecordBytes(name);
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
