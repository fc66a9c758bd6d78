// The sequence numbers of a new snapshot: its own, and the lowest that may still be used.
// PROTOCOL.md §12.
//
// Who may write the folder of a dataset, and holds no key, can name an earlier snapshot as the
// current one, or give one the facts of another. Then numbers go on above all that are there.

import fs from 'node:fs';
import path from 'node:path';
import type { SealKey } from '../../protocol/brands.ts';
import { SNAPSHOT_SEQUENCE } from '../../protocol/ids.ts';
import { type Dataset, snapshotsFolder } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import type { Suppression } from '../retention/retention.ts';
import type { Run } from '../run/run.ts';
import { layerId, prefixesOf } from './layer.ts';
import { hasRangesOf } from './layer-reader.ts';
import { type LayerFacts, layersOf, type SnapshotFacts } from './layout/snapshot-facts.ts';
import { areStated, type StatedSnapshot } from './stated-facts.ts';
import { readStatement } from './statement-files.ts';

/** Names of snapshots with facts, whoever wrote them. One without was never current. */
const completeNames = (dataset: Dataset): string[] =>
  fs
    .readdirSync(snapshotsFolder(dataset))
    .filter((file) => path.extname(file) === '.json')
    .map((file) => path.parse(file).name)
    .filter((name) => SNAPSHOT_SEQUENCE.test(name));

/** The highest number that a publisher has given; 0 before the first publish. */
export function newestSequence(
  dataset: Dataset,
  current: StatedSnapshot | undefined,
  sealKey: SealKey | undefined,
): number {
  const known = current ? [current.sequence, current.stated.statement.sequence] : [];
  const stated = completeNames(dataset).filter((name) => isStated(dataset, name, sealKey));
  return Math.max(0, ...known, ...stated.map(Number));
}

/** Anybody can give a file the name of a snapshot: the last one that there may be, for one. */
function isStated(dataset: Dataset, name: string, sealKey: SealKey | undefined): boolean {
  try {
    return readStatement(dataset, name, sealKey).statement.sequence === Number(name);
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

/** Numbers never go back. What has the name of the next one, and no statement, keeps it. */
export function nextSequence(dataset: Dataset, current: StatedSnapshot | undefined, sealKey: SealKey): number {
  const taken = new Set(completeNames(dataset).map(Number));
  let next = 1 + newestSequence(dataset, current, sealKey);
  while (taken.has(next)) next++;
  return next;
}

/**
 * Whether the current snapshot is the newest, and its facts say what its statement says.
 * @param sealKey needed under `auth` "mac"
 */
export const isNewest = (dataset: Dataset, current: StatedSnapshot, sealKey: SealKey | undefined): boolean =>
  newestSequence(dataset, current, sealKey) === current.sequence && isAsPublished(dataset, current);

/** Whether facts say what their statement says, and the layers are of their sources. */
export function isAsPublished(dataset: Dataset, snapshot: StatedSnapshot): boolean {
  const { facts, stated, sequence } = snapshot;
  return (
    stated.statement.sequence === sequence &&
    areStated(snapshot) &&
    areMadeOfSources(dataset, facts) &&
    // The files of a later name would be those of the next snapshot.
    layersOf(facts).every((layer) => Number(layer.name) <= sequence && hasRangesOf(dataset, layer))
  );
}

/** Whether the ids of the layers follow from the runs, and the suppressed names, of the facts. */
function areMadeOfSources(dataset: Dataset, facts: SnapshotFacts): boolean {
  const layers = layersOf(facts);
  const prefixes = prefixesOf(layers[0] as LayerFacts);
  return layers.every(({ layer, numbers }, place) => {
    const own = new Set(numbers);
    const sources = facts.sources.filter(({ number }) => own.has(number));
    const basis = { suppressed: facts.suppressed?.digest, prefixes: place === 0 ? undefined : prefixes };
    return layerId(dataset, sources, ({ number }) => number, basis) === layer;
  });
}

/**
 * Whether a snapshot leaves out names: what its facts say, which nobody vouches for, unless its
 * statement has the layers that its sources make with all names.
 */
export function leavesOutNames(dataset: Dataset, snapshot: StatedSnapshot): boolean {
  const { suppressed, ...withAll } = snapshot.facts;
  return suppressed !== undefined && !(areStated(snapshot) && areMadeOfSources(dataset, withAll));
}

/** What the lowest number follows from. */
export interface LowestBasis {
  readonly runs: readonly Run[];
  readonly withdraw: boolean;
  readonly suppression: Suppression | undefined;
  /** Whether the current snapshot is the newest: its facts may be believed. */
  readonly isTrusted: boolean;
}

/**
 * The lowest sequence number that clients may still use: the new one if a run that an earlier
 * snapshot contains is gone, or names are suppressed that were not, so their entries must not be
 * answered any more; or if nobody can tell what earlier ones contain.
 */
export function lowestSequence(
  sequence: number,
  current: StatedSnapshot | undefined,
  { runs, withdraw, suppression, isTrusted }: LowestBasis,
): number {
  if (!current || !isTrusted || withdraw) return sequence;
  if (suppression && suppression.digest !== current.facts.suppressed?.digest) return sequence;
  const kept = new Set(runs.map(({ sha256 }) => sha256));
  if (current.facts.sources.some(({ sha256 }) => !kept.has(sha256))) return sequence;
  return current.stated.statement.minSequence;
}
