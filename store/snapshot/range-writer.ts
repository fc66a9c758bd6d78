// Publishes the range indexes: merges the range records of all runs into one body per range.
// PROTOCOL.md §12.

import type { RangeName } from '../../protocol/bucket-id.ts';
import { StoreError } from '../errors.ts';
import { Merge } from '../run/merge.ts';
import { HASH_BYTES, readRange } from '../run/range-record.ts';
import { formatRangeSet } from '../run/range-set.ts';
import type { Run } from '../run/run.ts';
import { type GroupOptions, prepareRunStreams, runNames } from '../run/run-streams.ts';
import { SECTION_LAYOUTS, type SectionName } from '../run/sections.ts';
import type { RangeFacts, RangesFacts } from './layout/snapshot-facts.ts';
import type { SnapshotSink } from './layout/snapshot-sink.ts';
import { SizeTally } from './parts/histogram.ts';
import { encodeRangeBody, MAX_RANGE_ENTRIES, SHARED_BYTES } from './range-body.ts';
import { gapsOf } from './range-gaps.ts';
import { textBytes } from './range-text.ts';

/** Records between two reports of progress and checks of the abort signal. */
const RECORDS_PER_TURN = 1 << 18;

export interface RangeWriterOptions extends Omit<GroupOptions, 'sections'> {
  /** Called with the number of records since the last call. */
  readonly onRecords?: (records: number) => void;
}

/** Gathers merged records into ranges. Ranges without entries get no body. */
class RangeGatherer {
  readonly #insert: (range: number, body: Buffer) => void;
  readonly #name: RangeName;
  readonly #suffixBytes: number;
  #suffixes = new Uint8Array(1 << 16);
  #times = new Float64Array(4096);
  #count = 0;
  #range = -1;
  readonly #tally = new SizeTally();
  #facts = { entries: 0, ranges: 0, minEntries: 0, maxEntries: 0, contentBytes: 0, maxTextBytes: 0 };

  constructor(name: RangeName, insert: (range: number, body: Buffer) => void) {
    this.#name = name;
    this.#suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
    this.#insert = insert;
  }

  /** Adds the hash at `bytes[from]`. */
  add(bytes: Uint8Array, from: number, times: number): void {
    const range = readRange(bytes, from);
    if (range !== this.#range) this.#flush();
    this.#range = range;
    if (this.#count === MAX_RANGE_ENTRIES)
      throw new StoreError(
        'RUN_CORRUPT',
        'a range has more hashes than SHA-1 or NTLM can produce',
        'Remove the last source.',
      );
    this.#reserve();
    const at = this.#count * this.#suffixBytes;
    for (let byte = 0; byte < this.#suffixBytes; byte++)
      this.#suffixes[at + byte] = bytes[from + SHARED_BYTES + byte] as number;
    this.#times[this.#count++] = times;
  }

  finish(): RangeFacts {
    this.#flush();
    return { ...this.#facts, histogram: this.#tally.histogram() };
  }

  #flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const times = this.#times.subarray(0, count);
    const body = encodeRangeBody(this.#suffixes.subarray(0, count * this.#suffixBytes), times);
    this.#insert(this.#range, body);
    this.#tally.add(count);
    const { entries, ranges, minEntries, maxEntries, contentBytes, maxTextBytes } = this.#facts;
    this.#facts = {
      entries: entries + count,
      ranges: ranges + 1,
      minEntries: ranges === 0 ? count : Math.min(minEntries, count),
      maxEntries: Math.max(maxEntries, count),
      contentBytes: contentBytes + body.length,
      maxTextBytes: Math.max(maxTextBytes, textBytes(this.#name, times)),
    };
    this.#count = 0;
  }

  #reserve(): void {
    if (this.#count === this.#times.length) {
      const times = new Float64Array(2 * this.#times.length);
      times.set(this.#times);
      this.#times = times;
    }
    if ((this.#count + 1) * this.#suffixBytes > this.#suffixes.length) {
      const suffixes = new Uint8Array(2 * this.#suffixes.length);
      suffixes.set(this.#suffixes);
      this.#suffixes = suffixes;
    }
  }
}

const isOneOf = (ranges: readonly RangeName[], section: SectionName): boolean =>
  (ranges as readonly SectionName[]).includes(section);

/** Number of range records that publishing these runs reads, for progress. */
export function countRangeRecords(ranges: readonly RangeName[], runs: readonly Run[]): number {
  let records = 0;
  for (const { facts } of runs)
    for (const section of facts.sections) if (isOneOf(ranges, section.index)) records += section.records;
  return records;
}

/**
 * Writes the range indexes, and checks the checksum of every run read.
 * @throws StoreError `RUN_CORRUPT`
 */
export async function writeRanges(
  sink: SnapshotSink,
  ranges: readonly RangeName[],
  runs: readonly Run[],
  { folder, turn, maxOpen, onRecords }: RangeWriterOptions,
): Promise<RangesFacts> {
  const feeding = runs.filter(({ facts }) => facts.sections.some(({ index }) => isOneOf(ranges, index)));
  const groups = { folder, sections: ranges, turn, ...(maxOpen === undefined ? {} : { maxOpen }) };
  const streams = (await prepareRunStreams(feeding, groups))();
  const facts: { [name in RangeName]?: RangeFacts } = {};
  try {
    for (const name of ranges) {
      const table = sink.beginRanges(name);
      const gatherer = new RangeGatherer(name, (range, body) => table.add(range, body));
      const merge = new Merge(streams.begin(name), SECTION_LAYOUTS[name], runNames(feeding));
      for (let records = 1; merge.next(); records++) {
        gatherer.add(merge.bytes, merge.at, merge.times);
        if (records % RECORDS_PER_TURN !== 0) continue;
        onRecords?.(RECORDS_PER_TURN);
        await turn();
      }
      const gaps = gapsOf(runs, name);
      facts[name] = { ...gatherer.finish(), ...(gaps.size > 0 && { gaps: gaps.size }) };
      table.finish(formatRangeSet(gaps));
    }
    streams.finish();
    return facts;
  } finally {
    streams.close();
  }
}
