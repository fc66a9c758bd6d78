// What a publication came to, for people. Commands load what publishes when they publish.

import type { Dataset } from '../../store/dataset.ts';
import type { ExpiringSource } from '../../store/retention/expiry.ts';
import type { Suppression } from '../../store/retention/retention.ts';
import type { PlantedFound } from '../../store/run/run-report.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { layersOf } from '../../store/snapshot/layout/snapshot-facts.ts';
import { shellWord } from '../printable.ts';
import { describeExpired } from '../retention/expires.ts';
import { formatBytes, formatCounted, formatSeconds } from '../units.ts';

/** The option of all commands that publish. */
export const PUBLISHER_KEY = [
  '--publisher-key <file>',
  'key of the publisher, of a dataset with signatures (default: <dataset>.publisher)',
] as const;

export interface PublishSummary {
  readonly snapshot: string;
  readonly changed: boolean;
  readonly sources: number;
  readonly indexes: { readonly [index: string]: { readonly entries: number; readonly buckets: number } };
  /** Indexes of unsalted hashes. */
  readonly ranges: { readonly [index: string]: { readonly entries: number; readonly ranges: number } };
  /** Of the snapshot: more than one after `--delta`. */
  readonly layers: number;
  /** Whether `--delta` had to write all that was published before again, as one layer. */
  readonly anew: boolean;
  readonly bytes: number;
  readonly seconds: number;
  /** Parts that a publish before had finished when it was stopped; null if there are none. */
  readonly resumed: { readonly parts: number; readonly of: number } | null;
  /** Until when clients accept the snapshot. */
  readonly validUntil: string;
  /** The snapshot before, and whether servers must not answer it any more. */
  readonly replaced: { readonly snapshot: string; readonly withdrawn: boolean } | null;
  /** A snapshot later than that one, which CURRENT did not name; it may be this one. */
  readonly unnamed: string | null;
  /** Sources that are left out, whose runs are here. */
  readonly expired: readonly ExpiringSource[];
  /** What suppressed names take out of the runs; null if there are none. */
  readonly suppressed: SuppressedSummary | null;
  /** Canary accounts in runs whose own report names none. */
  readonly canaries: readonly { readonly source: string; readonly found: readonly PlantedFound[] }[];
}

/** Counts of names and records, and the sources with records that could not be told apart. */
export type SuppressedSummary = Pick<Suppression, 'names' | 'records' | 'kept' | 'keptIn'>;

/** Where layers are in use, what was added becomes a further one, and nothing else is written. */
export function publishCommand(dataset: Dataset, isAdded: boolean): string {
  const current = isAdded ? openCurrent(dataset) : undefined;
  const isLayered = current !== undefined && layersOf(current.facts).length > 1;
  return `credveil publish ${shellWord(dataset.folder)}${isLayered ? ' --delta' : ''}`;
}

export function describePublished(summary: PublishSummary, folder: string): string {
  const {
    snapshot,
    changed,
    sources,
    indexes,
    ranges,
    layers,
    anew,
    bytes,
    seconds,
    resumed,
    validUntil,
    replaced,
    unnamed,
    expired,
    suppressed,
  } = summary;
  const until = `clients accept it until ${validUntil}; renew that with: credveil publish ${shellWord(folder)} --renew`;
  const left = [...describeExpired(expired, folder), ...(suppressed ? describeSuppressed(suppressed, folder) : [])];
  const inLayers = layers > 1 ? `, in ${layers} layers` : '';
  if (!changed)
    return [`snapshot ${snapshot} already contains all sources${inLayers}; nothing changed`, ...left, until].join('\n');
  const parts = Object.entries(indexes).map(
    ([index, { entries, buckets }]) =>
      `${index} ${formatCounted(entries, 'entry')} in ${formatCounted(buckets, 'bucket')}`,
  );
  for (const [index, { entries, ranges: count }] of Object.entries(ranges))
    parts.push(`${index} ${formatCounted(entries, 'entry')} in ${formatCounted(count, 'range')}`);
  return [
    `snapshot ${snapshot}: ${formatCounted(sources, 'source')}, ${parts.join(', ')}${inLayers}, ${formatBytes(bytes)}, in ${formatSeconds(seconds)}`,
    ...(resumed ? [`resumed: ${resumed.parts} of ${formatCounted(resumed.of, 'part')} had been finished before`] : []),
    ...(anew ? ['--delta was of no use this time: all was written anew, in one layer'] : []),
    ...(unnamed === null ? [] : [describeUnnamed(unnamed, snapshot)]),
    ...left,
    until,
    ...(replaced?.withdrawn
      ? [`snapshot ${replaced.snapshot} is withdrawn: purge URLs that contain ${replaced.snapshot} from caches`]
      : []),
  ].join('\n');
}

function describeUnnamed(unnamed: string, snapshot: string): string {
  const [which, now] = unnamed === snapshot ? ['it', 'it is now'] : [unnamed, 'this one takes its place'];
  return `an earlier publish was stopped before ${which} was current, or CURRENT was set back: ${now}`;
}

function describeSuppressed({ names, records, kept, keptIn }: SuppressedSummary, folder: string): string[] {
  return [
    `suppressed: ${formatCounted(names, 'name')}, ${formatCounted(records, 'record')} of the runs left out`,
    ...(kept === 0
      ? []
      : [
          `  not left out: ${formatCounted(kept, 'record')} that may be another name's, whose hash is the same`,
          ...keptIn.map((source) => `  to remove them: credveil ingest ${shellWord(folder)} … --replace ${source}`),
        ]),
  ];
}
