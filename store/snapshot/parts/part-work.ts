// The work of publishing that is done part by part, on this thread or on others. Its settings and
// tasks are plain values, and have no key that evaluates passwords.

import fs from 'node:fs';
import type { LayerId, SealKey } from '../../../protocol/brands.ts';
import { encodeContent } from '../../../protocol/bucket.ts';
import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import type { CreatePadBatch, MetadataBytes, PadBatch } from '../../../protocol/metadata.ts';
import { EntryKind } from '../../../protocol/private-input.ts';
import { digestFile } from '../../files.ts';
import { Merge, type RecordStream } from '../../run/merge.ts';
import { checkRun, openPartStreams, type PartSource, type PartSources } from '../../run/part-streams.ts';
import { KIND_AT } from '../../run/record.ts';
import { runNames } from '../../run/run-streams.ts';
import { SECTION_LAYOUTS } from '../../run/sections.ts';
import { BodiesWriter, type FileDigest } from '../layout/bodies-file.ts';
import { createBucketTails } from '../layout/bucket-tails.ts';
import { type SlotDigests, type SlotsTask, writeSlots } from '../layout/slot-writer.ts';
import { BucketEncoder } from './bucket-encoder.ts';
import type { BucketTally } from './bucket-tally.ts';
import { blocksOf, FilterPartWriter } from './filter-writer.ts';
import { idsOf, keysOf, type Part } from './part.ts';
import { RangeGatherer, type RangeTally } from './range-gatherer.ts';

export interface WorkSettings {
  readonly layer: LayerId;
  readonly metadataBytes: MetadataBytes;
  /** Whether the account index has entries of similarity forms. */
  readonly similar: boolean;
  /** As in BucketEncoding. */
  readonly spareFormBits: number;
  /** The number of a source by its place in the merge. */
  readonly numbers: readonly number[];
  /** Seals buckets; undefined where Merkle trees do. */
  readonly bucketKey: SealKey | undefined;
  readonly sources: PartSources;
  /** The records of the test credentials, of 23 bytes each. */
  readonly canaries: { readonly [name in IndexName]?: readonly Uint8Array[] };
}

/** Reads a run as a whole, and checks it. */
export interface CheckTask {
  readonly kind: 'check';
  /** Place of the run. */
  readonly run: number;
}

/** Counts what a part has after merging. */
export interface CountTask {
  readonly kind: 'count';
  readonly part: Part<IndexName>;
}

/** Writes the buckets of a part, and its blocks of the filter, to files of their own. */
export interface EncodeTask {
  readonly kind: 'encode';
  readonly part: Part<IndexName>;
  readonly prefixBits: number;
  readonly bodiesFile: string;
  readonly filter?: { readonly file: string; readonly blocks: number };
  /** What an earlier attempt says that it wrote: if the files are as it says, they stay. */
  readonly kept?: EncodedPart | undefined;
}

/** Writes the bodies of a part's ranges; none for a range without entries. */
export interface RangesTask {
  readonly kind: 'ranges';
  readonly part: Part<RangeName>;
  readonly bodiesFile: string;
  readonly kept?: EncodedRanges | undefined;
}

export interface WriteSlotsTask extends SlotsTask {
  readonly kind: 'slots';
}

export type PartTask = CheckTask | CountTask | EncodeTask | RangesTask | WriteSlotsTask;

export interface PartCount {
  readonly entries: number;
  /** Usernames, or passwords. */
  readonly members: number;
}

export interface EncodedPart {
  /** After merging. */
  readonly entries: number;
  readonly tally: BucketTally;
  /** Of the segments of a tree, in hex. */
  readonly roots: string;
  readonly bodies: FileDigest;
  readonly filter?: FileDigest;
  /** An earlier attempt has written it. */
  readonly isTakenUp?: true;
}

export interface EncodedRanges {
  readonly tally: RangeTally;
  readonly bodies: FileDigest;
  /** As above. */
  readonly isTakenUp?: true;
}

export type ResultOf<T extends PartTask> = T extends CountTask
  ? PartCount
  : T extends EncodeTask
    ? EncodedPart
    : T extends RangesTask
      ? EncodedRanges
      : T extends WriteSlotsTask
        ? SlotDigests
        : undefined;

/** Called with the number of records since its last call. It may yield, and it may throw. */
export type Turn = (records: number) => Promise<void> | void;

/** Records between two turns. */
const RECORDS_PER_TURN = 1 << 18;

/** Does one task at a time. */
export class PartWork {
  readonly #settings: WorkSettings;
  readonly #pads: PadBatch;
  readonly #turn: Turn;

  constructor(settings: WorkSettings, createPads: CreatePadBatch, turn: Turn) {
    this.#settings = settings;
    this.#pads = createPads(settings.layer);
    this.#turn = turn;
  }

  /** @throws StoreError `RUN_CORRUPT` */
  async run<T extends PartTask>(task: T): Promise<ResultOf<T>> {
    return (await this.#run(task)) as ResultOf<T>;
  }

  async #run(task: PartTask): Promise<ResultOf<PartTask>> {
    if (task.kind === 'count') return this.#count(task);
    if (task.kind === 'encode') return this.#encode(task);
    if (task.kind === 'ranges') return this.#ranges(task);
    await this.#turn(0);
    if (task.kind === 'slots') return writeSlots(task);
    checkRun(this.#settings.sources.runs[task.run] as PartSource);
    return undefined;
  }

  async #count({ part }: CountTask): Promise<PartCount> {
    // What is written is counted again, from records that are verified.
    let members = 0;
    const entries = await this.#merge(part, false, (merge, most) => {
      const counted = countSome(merge, most, part.index);
      members += counted.members;
      return counted.entries;
    });
    return { entries, members };
  }

  async #encode(task: EncodeTask): Promise<EncodedPart> {
    const { part, prefixBits, bodiesFile, filter, kept } = task;
    if (kept && (await isKept(task, kept))) return { ...kept, isTakenUp: true };
    const { layer, metadataBytes, similar, spareFormBits, numbers, bucketKey } = this.#settings;
    for (const file of [bodiesFile, filter?.file]) if (file !== undefined) fs.rmSync(file, { force: true });
    const ids = idsOf(part, prefixBits);
    const bodies = new BodiesWriter(bodiesFile);
    const blocks = filter && new FilterPartWriter(filter.file, filter.blocks, blocksOf(keysOf(part), filter.blocks));
    try {
      const place = { layer, index: part.index, prefixBits };
      const tails = createBucketTails(place, bucketKey, ids.from, (id, body) => bodies.add(id, body));
      const encoder = new BucketEncoder(
        {
          ...{ prefixBits, ids, metadataBytes, spareFormBits, numbers, pads: this.#pads },
          similar: similar && part.index === 'account',
        },
        (id, content) => tails.add(id, encodeContent(content)),
      );
      const entries = await this.#merge(part, true, (merge, most) => encodeSome(merge, most, encoder, blocks));
      const tally = encoder.finish();
      const roots = Buffer.from(tails.finish()).toString('hex');
      return { entries, tally, roots, bodies: bodies.finish(), ...(blocks && { filter: blocks.finish() }) };
    } finally {
      bodies.close();
      blocks?.close();
    }
  }

  async #ranges(task: RangesTask): Promise<EncodedRanges> {
    const { part, bodiesFile, kept } = task;
    if (kept && (await isKept(task, kept))) return { ...kept, isTakenUp: true };
    fs.rmSync(bodiesFile, { force: true });
    const bodies = new BodiesWriter(bodiesFile);
    try {
      const gatherer = new RangeGatherer(part.index, (range, body) => bodies.add(range, body));
      await this.#merge(part, true, (merge, most) => gatherSome(merge, most, gatherer));
      return { tally: gatherer.finish(), bodies: bodies.finish() };
    } finally {
      bodies.close();
    }
  }

  /**
   * @param some takes up to `most` records, and returns how many there were
   * @returns number of all records
   */
  async #merge(part: Part, verifies: boolean, some: (merge: Merge, most: number) => number): Promise<number> {
    const { sources, canaries } = this.#settings;
    const keys = keysOf(part);
    const { streams, close } = openPartStreams(sources, part.index, keys, verifies);
    try {
      const { index } = part;
      const records = index === 'account' || index === 'password' ? canaries[index] : undefined;
      const inPart = (records ?? []).filter(([byte = 0]) => byte >= keys.from && byte < keys.to);
      const names = runNames(sources.runs.map(({ run }) => run));
      const merge = new Merge([...streams, ...inPart.map(streamOf)], SECTION_LAYOUTS[index], names);
      let merged = 0;
      for (let last = RECORDS_PER_TURN; last === RECORDS_PER_TURN; merged += last) {
        last = some(merge, RECORDS_PER_TURN);
        await this.#turn(last);
      }
      return merged;
    } finally {
      close();
    }
  }
}

// A loop each, which V8 compiles for what is in it: this is where publishing spends its time.

function countSome(merge: Merge, most: number, index: IndexName): PartCount {
  let entries = 0;
  let members = 0;
  for (; entries < most && merge.next(); entries++)
    if (index === 'password' || merge.bytes[merge.at + KIND_AT] === EntryKind.username) members++;
  return { entries, members };
}

function encodeSome(merge: Merge, most: number, encoder: BucketEncoder, blocks: FilterPartWriter | undefined): number {
  let records = 0;
  for (; records < most && merge.next(); records++) {
    encoder.add(merge);
    blocks?.add(merge.head, merge.middle);
  }
  return records;
}

function gatherSome(merge: Merge, most: number, gatherer: RangeGatherer): number {
  let records = 0;
  for (; records < most && merge.next(); records++) gatherer.add(merge.bytes, merge.at, merge.times);
  return records;
}

/** A stream of one record. */
export function streamOf(record: Uint8Array): RecordStream {
  let block = record;
  return {
    readBlock: () => {
      const next = block;
      block = new Uint8Array(0);
      return next;
    },
  };
}

async function isKept(task: EncodeTask | RangesTask, kept: EncodedPart | EncodedRanges): Promise<boolean> {
  const files: [string, FileDigest][] = [[task.bodiesFile, kept.bodies]];
  if ('filter' in task && task.filter && 'filter' in kept && kept.filter) files.push([task.filter.file, kept.filter]);
  for (const [file, { sha256 }] of files) {
    const found = await digestFile(file, (why) => new Error(why)).catch(() => undefined);
    if (found !== sha256) return false;
  }
  return true;
}
