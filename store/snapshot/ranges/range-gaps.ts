// The gaps of a snapshot's range indexes: ranges that a mirror lacks, whose answers would be wrong.
// PROTOCOL.md §12.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { parseRangeSet, RangeSet } from '../../run/range-set.ts';
import type { Run } from '../../run/run.ts';
import type { LayerFacts } from '../layout/snapshot-facts.ts';
import { corruptSnapshot } from '../layout/snapshot-files.ts';
import type { SnapshotSource } from '../layout/snapshot-source.ts';

/**
 * The ranges that any mirror among the runs lacks: what other runs know of such a range is a part
 * of it.
 */
export function gapsOf(runs: readonly Run[], name: RangeName): RangeSet {
  const gaps = new RangeSet();
  for (const { facts } of runs) if (facts.mirror?.index === name) gaps.addAll(parseRangeSet(facts.mirror.gaps) ?? []);
  return gaps;
}

/**
 * Reads the gaps of an index that has some.
 * @throws StoreError `SNAPSHOT_CORRUPT` if they are not those of the facts
 */
export function readGaps(source: SnapshotSource, facts: LayerFacts, name: RangeName): RangeSet | undefined {
  const count = facts.ranges?.[name]?.gaps ?? 0;
  if (count === 0) return undefined;
  const gaps = source.gaps(name);
  if (gaps?.size !== count) throw corruptSnapshot(`${facts.name}: its gaps are malformed`);
  return gaps;
}
