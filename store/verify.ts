// Verification of a whole dataset: every run's checksum and order, the snapshot's checksum, every bucket's seal.

import type { BucketId } from '../protocol/brands.ts';
import { openBucket } from '../protocol/bucket.ts';
import { type IndexName, RANGES, type RangeName } from '../protocol/bucket-id.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { corruptSnapshot, openCurrent } from './current.ts';
import type { Dataset } from './dataset.ts';
import { decodeRangeBody } from './range-body.ts';
import { openRuns, RunReader } from './run.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import type { IndexFacts, RangeFacts } from './snapshot-facts.ts';
import { nodeHmacSha256 } from './snapshot-writer.ts';

export interface VerifyReport {
  readonly runs: number;
  readonly records: number;
  /** Null before the first publish. */
  readonly snapshot: string | null;
  readonly buckets: number;
  readonly entries: number;
  /** Ranges of unsalted hashes that have entries, and their entries. */
  readonly ranges: number;
  readonly hashes: number;
}

/** @throws StoreError or ProtocolError at the first thing that is not as it was written */
export async function verifyDataset(dataset: Dataset, suite: KeyedSuite): Promise<VerifyReport> {
  const runs = openRuns(dataset);
  let records = 0;
  for (const run of runs) {
    const reader = new RunReader(run);
    try {
      reader.finish();
    } finally {
      reader.close();
    }
    for (const section of run.facts.sections) records += section.records;
  }
  if (!openCurrent(dataset))
    return { runs: runs.length, records, snapshot: null, buckets: 0, entries: 0, ranges: 0, hashes: 0 };

  const snapshot = await openSnapshot(dataset);
  try {
    let buckets = 0;
    let entries = 0;
    for (const [index, facts] of Object.entries(snapshot.facts.indexes) as [IndexName, IndexFacts][]) {
      const { prefixBits } = facts;
      for (let id = 0; id < 2 ** prefixBits; id++) {
        const body = snapshot.paddedBody(index, id as BucketId);
        if (!body) throw corruptSnapshot(`${snapshot.facts.snapshot}: a bucket is missing`);
        const place = { snapshot: snapshot.facts.snapshot, index, prefixBits, id: id as BucketId };
        entries += openBucket(body, place, suite.sealKey, nodeHmacSha256).tags.length;
        buckets++;
      }
    }
    const verified = { buckets, entries, ...verifyRanges(snapshot) };
    return { runs: runs.length, records, snapshot: snapshot.facts.snapshot, ...verified };
  } finally {
    snapshot.close();
  }
}

/** Decodes every range. They have no seal: whoever reads them trusts the checksum of the file. */
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
    if (entries !== facts.entries) throw corruptSnapshot(`${snapshot.facts.snapshot}: hashes of ${name} are missing`);
    hashes += entries;
  }
  return { ranges, hashes };
}
