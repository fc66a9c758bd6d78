// What `credveil stats` shows of persons who are left out, and of sources that expire.

import fs from 'node:fs';
import { type Dataset, runsFolder } from '../../store/dataset.ts';
import { type ExpiringSource, isExpired, listExpiries } from '../../store/retention/expiry.ts';
import { readListedNames } from '../../store/retention/name-file.ts';
import { openRuns, type Run } from '../../store/run/run.ts';
import type { SnapshotFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { describeSightings, type Sighting, sightingsIn } from '../retention/canaries.ts';
import { formatCount, formatCounted } from '../units.ts';

interface SourceState extends ExpiringSource {
  readonly expired: boolean;
  /** Whether the snapshot holds it. */
  readonly published: boolean;
}

export interface RetentionStats {
  /** Null if no name is suppressed. */
  readonly suppressed: {
    /** On the list now; null in a copy without it. */
    readonly names: number | null;
    /** Of the snapshot: its names, and the records of runs that it left out or kept. */
    readonly published: { readonly names: number; readonly records: number; readonly kept: number } | null;
  } | null;
  /** Canary accounts, and those that sources hold; null in a copy without runs. */
  readonly canaries: { readonly planted: number; readonly seen: readonly Sighting[] } | null;
  /** Sources that expire; null in a copy without runs. */
  readonly expiring: readonly SourceState[] | null;
}

/** Needs no key. */
export function describeRetention(dataset: Dataset, facts: SnapshotFacts): RetentionStats {
  const list = readListedNames(dataset);
  const runs = fs.existsSync(runsFolder(dataset)) ? openRuns(dataset) : null;
  const listed = list?.filter(({ kind }) => kind === 'suppressed').length ?? null;
  const { names = 0, records = 0, kept = 0 } = facts.suppressed ?? {};
  const published = facts.suppressed ? { names, records, kept } : null;
  return {
    suppressed: published || (listed ?? 0) > 0 ? { names: listed, published } : null,
    canaries: runs && {
      planted: new Set(list?.map(({ id }) => id).filter((id) => id !== undefined)).size,
      seen: sightingsIn(runs),
    },
    expiring: runs && sourceStates(dataset, runs, facts),
  };
}

function sourceStates(dataset: Dataset, runs: readonly Run[], { sources }: SnapshotFacts): SourceState[] {
  const published = new Set(sources.map(({ name }) => name));
  return listExpiries(dataset, runs).map(({ source, expires }) => ({
    ...{ source, expires, expired: isExpired(expires, Date.now()) },
    published: published.has(source),
  }));
}

/** Nothing if there is nothing to tell. */
export function formatRetention({ suppressed, canaries, expiring }: RetentionStats): string[] {
  const lines = [
    ...(suppressed ? formatSuppressed(suppressed) : []),
    ...(canaries ? formatCanaries(canaries) : []),
    ...(expiring ?? []).map(
      ({ source, expires, ...state }) => `  ${'expiry'.padEnd(20)} source ${source}, ${expires}${describeState(state)}`,
    ),
  ];
  return lines.length === 0 ? [] : [['retention', ...lines].join('\n')];
}

function formatCanaries({ planted, seen }: NonNullable<RetentionStats['canaries']>): string[] {
  if (planted === 0 && seen.length === 0) return [];
  return [
    `  ${'canary accounts'.padEnd(20)} ${formatCount(planted)}, ${formatCount(new Set(seen.map(({ id }) => id)).size)} seen in a source`,
    ...seen.map((sighting) => `  ${''.padEnd(20)} ALARM: ${sighting.id} in ${describeSightings([sighting])}`),
  ];
}

function describeState({ expired, published }: Pick<SourceState, 'expired' | 'published'>): string {
  if (!expired) return '';
  return published ? ': expired, the next publish leaves it out' : ': expired, left out';
}

function formatSuppressed({ names, published }: NonNullable<RetentionStats['suppressed']>): string[] {
  const kept = published?.kept ?? 0;
  return [
    `  ${'suppressed'.padEnd(20)} ${formatCounted(published?.names ?? 0, 'name')}, ${formatCounted(published?.records ?? 0, 'record')} left out`,
    ...(kept > 0
      ? [`  ${''.padEnd(20)} ${formatCounted(kept, 'record')} with the hash of another name not left out`]
      : []),
    ...(names !== null && names !== (published?.names ?? 0)
      ? [`  ${''.padEnd(20)} ${formatCount(names)} on the list now: publish`]
      : []),
  ];
}
