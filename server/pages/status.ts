// GET /v1/status: a snapshot's figures and the request rates. PROTOCOL.md §13.
//
// All of it is in statement and head, or could be counted by anyone who may ask for buckets, but
// for the request rates: whoever may ask learns how busy the server is. What a source holds is for
// the operator alone and not in it.

import { INDEX_NAMES, RANGE_NAMES } from '../../protocol/bucket-id.ts';
import type { IndexStatus, RequestRates, ServiceStatus } from '../../protocol/service-status.ts';
import type { SnapshotFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { publicSources } from '../../store/snapshot/statement-files.ts';
import type { ServedSnapshot } from '../snapshots/snapshots.ts';

const RANGE_PREFIX_BITS = 20;

/** From the snapshot's facts alone: nothing is read from disk and nothing is counted. */
export function describeStatus(
  { snapshot: { facts, publishedAt }, head }: ServedSnapshot,
  requests: RequestRates,
): ServiceStatus {
  const { dataset, suite, keyId, snapshot, similar = false, sources } = facts;
  return {
    dataset,
    suite,
    keyId,
    snapshot: {
      number: Number.parseInt(snapshot, 10),
      id: snapshot,
      publishedAt: publishedAt.toISOString(),
      validUntil: head.validUntil,
    },
    similar,
    sources: publicSources(sources),
    indexes: describeIndexes(facts),
    requests,
  };
}

function describeIndexes({ indexes, ranges = {} }: SnapshotFacts): ServiceStatus['indexes'] {
  const described: { [name: string]: IndexStatus } = {};
  for (const name of INDEX_NAMES) {
    const index = indexes[name];
    if (!index) continue;
    const { entries, prefixBits, minEntries, maxEntries, bodyBytes, histogram } = index;
    const buckets = 2 ** prefixBits;
    const anonymitySet = { min: minEntries, mean: entries / buckets, max: maxEntries };
    described[name] = { entries, buckets, prefixBits, anonymitySet, bodyBytes, ...(histogram && { histogram }) };
  }
  for (const name of RANGE_NAMES) {
    const range = ranges[name];
    if (!range) continue;
    const { entries, ranges: buckets, minEntries, maxEntries, histogram, gaps } = range;
    const anonymitySet = { min: minEntries, mean: buckets === 0 ? 0 : entries / buckets, max: maxEntries };
    described[name] = {
      entries,
      buckets,
      prefixBits: RANGE_PREFIX_BITS,
      anonymitySet,
      ...(gaps !== undefined && { gaps }),
      ...(histogram && { histogram }),
    };
  }
  return described;
}
