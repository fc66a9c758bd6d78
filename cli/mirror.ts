// What an ingest reports of a mirror and of range files: how many, and what is missing or broken.

import type { Ingested } from '../ingest/ingest.ts';
import type { FaultyFiles } from '../ingest/input/range-report.ts';
import { RANGES } from '../protocol/bucket-id.ts';
import { formatFirstSpans, parseRangeSet, RangeSet } from '../store/run/range-set.ts';
import type { MirrorFacts } from '../store/run/run-facts.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted } from './units.ts';

const NAMED = 5;
const SPANS = 8;

export interface MirrorSummary {
  /** Whether it was declared: ranges that it lacks are gaps. */
  readonly declared: boolean;
  /** Range files. */
  readonly files: number;
  /** Ranges that the source has. Null if it is not declared a mirror. */
  readonly ranges: number | null;
  readonly gaps: number | null;
  /** The ranges without a file, or the gaps: the first ones. */
  readonly missing: string;
  readonly empty: FaultyFiles;
  readonly bad: FaultyFiles;
}

const NONE: FaultyFiles = { count: 0, names: [] };

export const gapsOfSource = (mirror: MirrorFacts): RangeSet => parseRangeSet(mirror.gaps) ?? new RangeSet();

/** Undefined if the source is neither a mirror nor made of range files. */
export function summarizeMirror({ facts, ranges }: Ingested): MirrorSummary | undefined {
  const named = ranges?.named.size ?? 0;
  if (!facts.mirror && named === 0) return undefined;
  const gaps = facts.mirror && gapsOfSource(facts.mirror);
  const { names, count } = ranges?.empty ?? NONE;
  const bad = ranges?.bad ?? NONE;
  return {
    declared: facts.mirror !== undefined,
    files: named,
    ranges: gaps ? RANGES - gaps.size : null,
    gaps: gaps?.size ?? null,
    missing: formatFirstSpans(gaps ?? (ranges?.named.complement() as RangeSet), SPANS),
    empty: { count, names },
    bad: { count: bad.count, names: bad.names },
  };
}

export function describeMirror({ declared, files, ranges, gaps, missing, empty, bad }: MirrorSummary): string[] {
  const all = formatCount(RANGES);
  const lines = declared
    ? [`mirror: ${formatCount(ranges ?? 0)} of ${all} ranges`]
    : [`range files: ${formatCount(files)} of ${all}; with --mirror, missing ones answer 503 instead of "not found"`];
  if (declared && gaps) lines.push(`gaps, answered 503: ${formatCounted(gaps, 'range')}: ${missing}`);
  if (empty.count > 0) lines.push(`empty: ${namesOf(empty)}`);
  if (bad.count > 0) lines.push(`bad: ${namesOf(bad)}`);
  return lines;
}

function namesOf({ count, names }: FaultyFiles): string {
  const first = names.slice(0, NAMED).map(printable);
  const more = count > first.length ? [`${formatCount(count - first.length)} more`] : [];
  return `${formatCounted(count, 'file')}: ${[...first, ...more].join(', ')}`;
}
