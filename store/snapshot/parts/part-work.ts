// The work of publishing that is done part by part, on this thread or on others. Its settings and
// tasks are plain values, and have no key that evaluates passwords.

import fs from 'node:fs';
import type { LayerId, SealKey } from '../../../protocol/brands.ts';
import { encodeContent } from '../../../protocol/bucket.ts';
import type { IndexName } from '../../../protocol/bucket-id.ts';
import type { CreatePadBatch, MetadataBytes, PadBatch } from '../../../protocol/metadata.ts';
import { EntryKind } from '../../../protocol/private-input.ts';
import { digestFile } from '../../files.ts';
import { Merge, type RecordStream } from '../../run/merge.ts';
import { checkRun, openPartStreams, type PartSource, type PartSources } from '../../run/part-streams.ts';
import { KIND_AT, RECORD_LAYOUT } from '../../run/record.ts';
import { runNames } from '../../run/run-streams.ts';
import { BodiesWriter, type FileDigest } from '../layout/bodies-file.ts';
import { createBucketTails } from '../layout/bucket-tails.ts';
import { type SlotDigests, type SlotsTask, writeSlots } from '../layout/slot-writer.ts';
import { BucketEncoder } from './bucket-encoder.ts';
import type { BucketTally } from './bucket-tally.ts';
import { blocksOf, FilterPartWriter } from './filter-writer.ts';
import { idsOf, keysOf, type Part } from './part.ts';

export interface WorkSettings {
  readonly layer: LayerId;
  readonly metadataBytes: MetadataBytes;
  /** Whether the account index has entries of similarity forms. */
  readonly similar: boolean;
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
  readonly part: Part;
}

/** Writes the buckets of a part, and its blocks of the filter, to files of their own. */
export interface EncodeTask {
  readonly kind: 'encode';
  readonly part: Part;
  readonly prefixBits: number;
  readonly bodiesFile: string;
  readonly filter?: { readonly file: string; readonly blocks: number };
  /** What an earlier attempt says that it wrote: if the files are as it says, they stay. */
  readonly kept?: EncodedPart | undefined;
}

export interface WriteSlotsTask extends SlotsTask {
  readonly kind: 'slots';
}

export type PartTask = CheckTask | CountTask | EncodeTask | WriteSlotsTask;

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
}

export type ResultOf<T extends PartTask> = T extends CountTask
  ? PartCount
  : T extends EncodeTask
    ? EncodedPart
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
    await this.#turn(0);
    if (task.kind === 'slots') return writeSlots(task);
    checkRun((this.#settings.sources.runs[task.run] as PartSource).run);
    return undefined;
  }

  async #count({ part }: CountTask): Promise<PartCount> {
    let entries = 0;
    let members = 0;
    // What is written is counted again, from records that are verified.
    await this.#merge(part, false, ({ bytes, at }) => {
      entries++;
      if (part.index === 'password' || bytes[at + KIND_AT] === EntryKind.username) members++;
    });
    return { entries, members };
  }

  async #encode(task: EncodeTask): Promise<EncodedPart> {
    const { part, prefixBits, bodiesFile, filter, kept } = task;
    if (kept && (await isKept(task, kept))) return kept;
    const { layer, metadataBytes, similar, numbers, bucketKey } = this.#settings;
    for (const file of [bodiesFile, filter?.file]) if (file !== undefined) fs.rmSync(file, { force: true });
    const ids = idsOf(part, prefixBits);
    const bodies = new BodiesWriter(bodiesFile);
    const blocks = filter && new FilterPartWriter(filter.file, filter.blocks, blocksOf(keysOf(part), filter.blocks));
    try {
      const place = { layer, index: part.index, prefixBits };
      const tails = createBucketTails(place, bucketKey, ids.from, (_id, body) => bodies.add(body));
      const encoder = new BucketEncoder(
        {
          ...{ prefixBits, ids, metadataBytes, numbers, pads: this.#pads },
          similar: similar && part.index === 'account',
        },
        (id, content) => tails.add(id, encodeContent(content)),
      );
      let entries = 0;
      await this.#merge(part, true, (merge) => {
        entries++;
        encoder.add(merge);
        blocks?.add(merge.head, merge.middle);
      });
      const tally = encoder.finish();
      const roots = Buffer.from(tails.finish()).toString('hex');
      return { entries, tally, roots, bodies: bodies.finish(), ...(blocks && { filter: blocks.finish() }) };
    } finally {
      bodies.close();
      blocks?.close();
    }
  }

  async #merge(part: Part, verifies: boolean, each: (merge: Merge) => void): Promise<void> {
    const { sources, canaries } = this.#settings;
    const keys = keysOf(part);
    const { streams, close } = openPartStreams(sources, part.index, keys, verifies);
    try {
      const inPart = (canaries[part.index] ?? []).filter(([byte = 0]) => byte >= keys.from && byte < keys.to);
      const names = runNames(sources.runs.map(({ run }) => run));
      const merge = new Merge([...streams, ...inPart.map(streamOf)], RECORD_LAYOUT, names);
      let records = 0;
      while (merge.next()) {
        each(merge);
        if (++records % RECORDS_PER_TURN === 0) await this.#turn(RECORDS_PER_TURN);
      }
      await this.#turn(records % RECORDS_PER_TURN);
    } finally {
      close();
    }
  }
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

async function isKept({ bodiesFile, filter }: EncodeTask, kept: EncodedPart): Promise<boolean> {
  if ((filter === undefined) !== (kept.filter === undefined)) return false;
  const files: [string, FileDigest][] = [[bodiesFile, kept.bodies]];
  if (filter && kept.filter) files.push([filter.file, kept.filter]);
  for (const [file, { sha256 }] of files) {
    const found = await digestFile(file, (why) => new Error(why)).catch(() => undefined);
    if (found !== sha256) return false;
  }
  return true;
}
