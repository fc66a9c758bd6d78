// Verifies a whole dataset: every run, by itself and against the others; the checksums and figures
// of the snapshot; the seals of all buckets and of the filter.

import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { BucketId } from '../protocol/brands.ts';
import { type Bucket, decodeBody, openBucket } from '../protocol/bucket.ts';
import { type IndexName, RANGES, type RangeName } from '../protocol/bucket-id.ts';
import type { Head } from '../protocol/signed/head.ts';
import { createBucketAuth } from '../protocol/signed/merkle.ts';
import { LENGTH_BYTES } from '../protocol/snapshot/slots.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { type Dataset, runsFolder } from './dataset.ts';
import { splitExpired } from './retention/expiry.ts';
import type { NameList } from './retention/name-list.ts';
import { planSuppression } from './retention/retention.ts';
import { openRuns } from './run/run.ts';
import { openCurrent } from './snapshot/current.ts';
import type { LayerReader } from './snapshot/layer-reader.ts';
import { nodeHmacSha256 } from './snapshot/layout/node-hmac.ts';
import { type IndexFacts, type RangeFacts, snapshotName } from './snapshot/layout/snapshot-facts.ts';
import { corruptSnapshot } from './snapshot/layout/snapshot-files.ts';
import { increase } from './snapshot/parts/counts.ts';
import { SizeTally } from './snapshot/parts/histogram.ts';
import { describeRanges } from './snapshot/parts/range-gatherer.ts';
import { decodeRangeBody } from './snapshot/ranges/range-body.ts';
import { textBytes } from './snapshot/ranges/range-text.ts';
import { openSnapshot, type Snapshot } from './snapshot/snapshot.ts';
import { areStated } from './snapshot/stated-facts.ts';
import { readHead, readStatement } from './snapshot/statement-files.ts';
import { verifyFilter } from './verify-filter.ts';
import { verifyRuns } from './verify-runs.ts';

export interface VerifyReport {
  /** Null for a copy without runs, as servers have. */
  readonly runs: number | null;
  readonly records: number;
  /** Sources that have expired: what publishing makes of the runs leaves them out. */
  readonly expired: readonly string[];
  /** Null before the first publish. */
  readonly snapshot: string | null;
  readonly buckets: number;
  readonly entries: number;
  /** Ranges of unsalted hashes with entries, and the number of these entries. */
  readonly ranges: number;
  readonly hashes: number;
  /** Passwords in the filter; null without a filter. */
  readonly filtered: number | null;
  /** Whether there was a key to verify seals and test credentials with. */
  readonly keyed: boolean;
  /**
   * True if the snapshot was made from these runs and holds what they make; false if the runs
   * changed since; null if there was no key, or no runs, to compare with.
   */
  readonly matched: boolean | null;
  /** The head of the snapshot; null before the first publish. */
  readonly head: Head | null;
}

/**
 * @param suite without one, no seal is verified
 * @param names of a dataset that suppresses some; needed with a suite
 * @throws StoreError or ProtocolError for the first damage found
 */
export async function verifyDataset(dataset: Dataset, suite?: KeyedSuite, names?: NameList): Promise<VerifyReport> {
  const hasRuns = fs.existsSync(runsFolder(dataset));
  const runs = hasRuns ? openRuns(dataset) : [];
  const dated = splitExpired(dataset, runs, Date.now());
  const suppression = suite && hasRuns ? planSuppression(dataset, dated.live, names, false) : undefined;
  const snapshot = openCurrent(dataset) && (await openSnapshot(dataset));
  try {
    snapshot?.verifyFiles();
    const verified = hasRuns
      ? await verifyRuns(
          dataset,
          { runs: dated.live, leftOut: runs.filter((run) => !dated.live.includes(run)), suppression },
          suite,
          snapshot,
        )
      : { records: 0, matched: null };
    const expired = dated.expired.map(({ source }) => source);
    const report = { runs: hasRuns ? runs.length : null, keyed: suite !== undefined, expired, ...verified };
    const nothing = { buckets: 0, entries: 0, ranges: 0, hashes: 0, filtered: null, head: null };
    if (!snapshot) return { ...report, snapshot: null, ...nothing };
    const head = verifyStatement(dataset, snapshot, suite);
    let buckets = 0;
    let entries = 0;
    for (const layer of snapshot.layers)
      for (const [index, facts] of Object.entries(layer.facts.indexes) as [IndexName, IndexFacts][]) {
        verifyIndex(layer, index, facts, suite);
        buckets += layer === snapshot.layers[0] ? 2 ** facts.prefixBits : 0;
        entries += facts.entries;
      }
    let filtered: number | null = null;
    for (const layer of snapshot.layers) {
      const inLayer = await verifyFilter(dataset, layer, suite, layer === snapshot.layers[0]);
      if (inLayer !== null) filtered = (filtered ?? 0) + inLayer;
    }
    return {
      ...report,
      snapshot: snapshot.facts.snapshot,
      ...{ buckets, entries, ...verifyRanges(snapshot), filtered, head },
    };
  } finally {
    snapshot?.close();
  }
}

/** Opens every bucket of an index, and compares the figures of its facts with them. */
function verifyIndex(reader: LayerReader, index: IndexName, facts: IndexFacts, suite: KeyedSuite | undefined): void {
  const { name: id, layer } = reader.facts;
  const { tailBytes } = reader.layout(index);
  const auth = suite && createBucketAuth(facts, suite.sealKey, nodeHmacSha256);
  const room = Buffer.allocUnsafe(reader.mostBytes(index) + LENGTH_BYTES);
  const tally = new SizeTally();
  const counted = { entries: 0, minEntries: Number.POSITIVE_INFINITY, maxEntries: 0, contentBytes: 0 };
  const formsCounted = { forms: 0, maxForms: 0 };
  for (let bucket = 0; bucket < 2 ** facts.prefixBits; bucket++) {
    const body = reader.body(index, bucket as BucketId);
    const { bytes } = reader.answer(index, bucket as BucketId, room, 0);
    const answer = room.subarray(0, bytes);
    if (!body) throw corruptSnapshot(`${id}: a bucket is missing`);
    if (body.length > (facts.bodyBytes.at(-1) ?? 0))
      throw corruptSnapshot(`${id}: a bucket is longer than its facts say`);
    const place = { layer, index, prefixBits: facts.prefixBits, id: bucket as BucketId };
    const { tags, metadataBytes, forms }: Bucket = auth ? openBucket(answer, place, auth) : decodeBody(body, tailBytes);
    if (metadataBytes !== facts.metadataBytes) throw corruptSnapshot(`${id}: a bucket has metadata of another length`);
    if ((forms === undefined) !== (facts.forms === undefined))
      throw corruptSnapshot(`${id}: a bucket of index ${index} has another format`);
    tally.add(tags.length);
    counted.entries += tags.length;
    counted.minEntries = Math.min(counted.minEntries, tags.length);
    counted.maxEntries = Math.max(counted.maxEntries, tags.length);
    counted.contentBytes += body.length;
    formsCounted.forms += forms?.tags.length ?? 0;
    formsCounted.maxForms = Math.max(formsCounted.maxForms, forms?.tags.length ?? 0);
  }
  const histogram = tally.histogram();
  const expected = { ...counted, ...(facts.forms !== undefined && formsCounted), histogram };
  for (const [name, value] of Object.entries(expected))
    if (!isDeepStrictEqual(facts[name as keyof IndexFacts], value))
      throw corruptSnapshot(`${id}: ${name} of index ${index} is wrong in its facts`);
}

/**
 * Checks statement and head, with the key if there is one, and that the statement fits the facts.
 */
function verifyStatement(dataset: Dataset, { facts }: Snapshot, suite: KeyedSuite | undefined): Head {
  const name = snapshotName(facts.snapshot);
  const stated = readStatement(dataset, name, suite?.sealKey);
  if (!areStated({ facts, stated }))
    throw corruptSnapshot(`${facts.snapshot}: its statement belongs to another snapshot`);
  return readHead(dataset, name, stated, suite?.sealKey).head;
}

/** Decodes every range of every layer. They have no seal: the file's checksum protects them. */
function verifyRanges({ layers }: Snapshot): { ranges: number; hashes: number } {
  const counted = { ranges: 0, hashes: 0 };
  for (const layer of layers)
    for (const [name, facts] of Object.entries(layer.facts.ranges ?? {}) as [RangeName, RangeFacts][]) {
      const { ranges, hashes } = verifyRangeIndex(layer, name, facts);
      counted.ranges += ranges;
      counted.hashes += hashes;
    }
  return counted;
}

function verifyRangeIndex(layer: LayerReader, name: RangeName, facts: RangeFacts) {
  const { name: id } = layer.facts;
  const counted = { ranges: 0, hashes: 0 };
  const entries = new Map<number, number>();
  let contentBytes = 0;
  let maxTextBytes = 0;
  for (const { range, body } of layer.rangeBodies(name)) {
    if (range < 0 || range >= RANGES) throw corruptSnapshot(`${id}: a range is out of range`);
    const { count, times } = decodeRangeBody(name, range, body);
    counted.hashes += count;
    counted.ranges++;
    increase(entries, count);
    contentBytes += body.length;
    maxTextBytes = Math.max(maxTextBytes, textBytes(name, times));
  }
  if ((layer.gaps(name)?.size ?? 0) !== (facts.gaps ?? 0)) throw corruptSnapshot(`${id}: gaps of ${name} are missing`);
  if (counted.hashes !== facts.entries) throw corruptSnapshot(`${id}: hashes of ${name} are missing`);
  const figures = describeRanges([{ entries: [...entries], contentBytes, maxTextBytes }], facts.gaps ?? 0);
  // A publisher of before left some out.
  for (const figure of Object.keys(facts) as (keyof RangeFacts)[])
    if (!isDeepStrictEqual(facts[figure], figures[figure]))
      throw corruptSnapshot(`${id}: ${figure} of ${name} is wrong in its facts`);
  return counted;
}
