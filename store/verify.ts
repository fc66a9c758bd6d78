// Verifies a whole dataset: every run, by itself and against the others; the checksums and figures
// of the snapshot; the seals of all buckets and of the filter.

import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { BucketId } from '../protocol/brands.ts';
import { type Bucket, decodeBody, openBucket } from '../protocol/bucket.ts';
import { type IndexName, RANGES, type RangeName } from '../protocol/bucket-id.ts';
import { equalBytes } from '../protocol/bytes.ts';
import { entryTag, passwordBucketHash } from '../protocol/entry.ts';
import { normalizePassword } from '../protocol/normalize.ts';
import { FILTER_HEADER_BYTES, filterLow, parseFilterHeader } from '../protocol/password-filter.ts';
import { passwordInput } from '../protocol/private-input.ts';
import { SEAL_BYTES } from '../protocol/seal.ts';
import type { Head } from '../protocol/signed/head.ts';
import { createBucketAuth } from '../protocol/signed/merkle.ts';
import { BLOCK_BYTES, blockIndex, hasBits } from '../protocol/split-block.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { CANARY } from '../protocol/test-credentials.ts';
import { type Dataset, runsFolder } from './dataset.ts';
import { digestFile, openRegularFile } from './files.ts';
import { splitExpired } from './retention/expiry.ts';
import type { NameList } from './retention/name-list.ts';
import { planSuppression } from './retention/retention.ts';
import { openRuns } from './run/run.ts';
import { openCurrent, snapshotName } from './snapshot/current.ts';
import { nodeHmacSha256 } from './snapshot/layout/node-hmac.ts';
import type { IndexFacts, RangeFacts } from './snapshot/layout/snapshot-facts.ts';
import { corruptSnapshot, filterPath } from './snapshot/layout/snapshot-files.ts';
import { sealFilterFile } from './snapshot/parts/filter-writer.ts';
import { SizeTally } from './snapshot/parts/histogram.ts';
import { decodeRangeBody } from './snapshot/ranges/range-body.ts';
import { openSnapshot, type Snapshot } from './snapshot/snapshot.ts';
import { readHead, readStatement } from './snapshot/statement-files.ts';
import { verifyRuns } from './verify-runs.ts';

export interface VerifyReport {
  /** Null for a copy without runs, as servers have. */
  readonly runs: number | null;
  readonly records: number;
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
    const report = { runs: hasRuns ? runs.length : null, keyed: suite !== undefined, ...verified };
    const nothing = { buckets: 0, entries: 0, ranges: 0, hashes: 0, filtered: null, head: null };
    if (!snapshot) return { ...report, snapshot: null, ...nothing };
    const head = verifyStatement(dataset, snapshot, suite);
    let buckets = 0;
    let entries = 0;
    for (const [index, facts] of Object.entries(snapshot.facts.indexes) as [IndexName, IndexFacts][]) {
      verifyIndex(snapshot, index, facts, suite);
      buckets += 2 ** facts.prefixBits;
      entries += facts.entries;
    }
    const filtered = await verifyFilter(dataset, snapshot, suite);
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
function verifyIndex(snapshot: Snapshot, index: IndexName, facts: IndexFacts, suite: KeyedSuite | undefined): void {
  const { snapshot: id, layer } = snapshot.facts;
  const { tailBytes } = snapshot.layout(index);
  const auth = suite && createBucketAuth(facts, suite.sealKey, nodeHmacSha256);
  const tally = new SizeTally();
  const counted = { entries: 0, minEntries: Number.POSITIVE_INFINITY, maxEntries: 0, contentBytes: 0 };
  const formsCounted = { forms: 0, maxForms: 0 };
  for (let bucket = 0; bucket < 2 ** facts.prefixBits; bucket++) {
    const body = snapshot.body(index, bucket as BucketId);
    const answer = snapshot.paddedBody(index, bucket as BucketId);
    if (!body || !answer) throw corruptSnapshot(`${id}: a bucket is missing`);
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
  if (stated.sha256 !== facts.statement || stated.statement.layers[0].id !== facts.layer)
    throw corruptSnapshot(`${facts.snapshot}: its statement belongs to another snapshot`);
  return readHead(dataset, name, stated, suite?.sealKey).head;
}

/** Decodes every range. Ranges have no seal: the checksum of the file protects them. */
function verifyRanges(snapshot: Snapshot): { ranges: number; hashes: number } {
  let ranges = 0;
  let hashes = 0;
  for (const [name, facts] of Object.entries(snapshot.facts.ranges ?? {}) as [RangeName, RangeFacts][]) {
    let entries = 0;
    for (const { range, body } of snapshot.rangeBodies(name)) {
      if (range < 0 || range >= RANGES) throw corruptSnapshot(`${snapshot.facts.snapshot}: a range is out of range`);
      entries += decodeRangeBody(name, range, body).count;
      ranges++;
    }
    if ((snapshot.gaps(name)?.size ?? 0) !== (facts.gaps ?? 0))
      throw corruptSnapshot(`${snapshot.facts.snapshot}: gaps of ${name} are missing`);
    if (entries !== facts.entries) throw corruptSnapshot(`${snapshot.facts.snapshot}: hashes of ${name} are missing`);
    hashes += entries;
  }
  return { ranges, hashes };
}

/**
 * Checks the seal and the header, and that the filter contains the canary.
 * @returns its number of entries
 */
async function verifyFilter(
  dataset: Dataset,
  { facts }: Snapshot,
  suite: KeyedSuite | undefined,
): Promise<number | null> {
  const { filter, snapshot } = facts;
  if (!filter) return null;
  const name = snapshotName(snapshot);
  const file = filterPath(dataset, name);
  const wrong = (what: string) => corruptSnapshot(`${snapshot}: its filter ${what}`);
  if ((await digestFile(file, wrong)) !== filter.sha256) throw wrong('is not the one of its statement');
  const sealed = suite && (await sealFilterFile(file, suite.sealKey, filter.bytes - SEAL_BYTES));
  const handle = openRegularFile(file, wrong);
  try {
    const read = (bytes: number, at: number): Buffer => {
      const buffer = Buffer.alloc(bytes);
      fs.readSync(handle, buffer, 0, bytes, at);
      return buffer;
    };
    if (sealed && !equalBytes(read(SEAL_BYTES, filter.bytes - SEAL_BYTES), sealed))
      throw wrong('has a seal that does not match this key');
    const header = parseFilterHeader(read(FILTER_HEADER_BYTES, 0));
    if (header.layer !== facts.layer || header.dataset !== facts.dataset) throw wrong('belongs to another layer');
    if (header.blocks !== filter.blocks || header.entries !== filter.entries) throw wrong('does not match the facts');
    if (!suite) return header.entries;
    const output = suite.evaluate(passwordInput(normalizePassword(CANARY.password)));
    const at = FILTER_HEADER_BYTES + blockIndex(passwordBucketHash(output), header.blocks) * BLOCK_BYTES;
    if (!hasBits(read(BLOCK_BYTES, at), 0, filterLow(entryTag(output)))) throw wrong('does not contain the canary');
    return header.entries;
  } finally {
    fs.closeSync(handle);
  }
}
