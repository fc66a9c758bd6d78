// The sequence numbers of a new snapshot: its own, and the lowest that may still be used.
// PROTOCOL.md §12.
//
// Who may write the folder of a dataset, and holds no key, can name an earlier snapshot as the
// current one, or give one the facts of another. Then numbers go on above all that are there.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { SNAPSHOT_SEQUENCE } from '../../protocol/ids.ts';
import { type Dataset, snapshotsFolder } from '../dataset.ts';
import type { Suppression } from '../retention/retention.ts';
import type { Run } from '../run/run.ts';
import { type StatedSnapshot, statesLayers } from './stated-facts.ts';
import { encodeSources } from './statement-files.ts';

/** Names of snapshots with facts. One without was never current. */
const completeNames = (dataset: Dataset): string[] =>
  fs
    .readdirSync(snapshotsFolder(dataset))
    .filter((file) => path.extname(file) === '.json')
    .map((file) => path.parse(file).name)
    .filter((name) => SNAPSHOT_SEQUENCE.test(name));

/** Sequence numbers never go back. */
export function nextSequence(dataset: Dataset, current: StatedSnapshot | undefined): number {
  const known = current ? [current.sequence, current.stated.statement.sequence] : [];
  return 1 + Math.max(0, ...known, ...completeNames(dataset).map(Number));
}

/** Whether the current snapshot is the newest, and its facts say what its statement says. */
export function isNewest(dataset: Dataset, current: StatedSnapshot): boolean {
  const { facts, stated, sequence } = current;
  const { sha256 } = stated.statement.sources;
  return (
    stated.statement.sequence === sequence &&
    nextSequence(dataset, current) === sequence + 1 &&
    statesLayers(current) &&
    createHash('sha256').update(encodeSources(facts.sources)).digest('hex') === sha256
  );
}

/**
 * The lowest sequence number that clients may still use. Undefined if it is the new one: a run that
 * an earlier snapshot contains is gone, or names are suppressed that were not, so their entries
 * must not be answered any more; or nobody can tell what earlier ones contain.
 */
export function lowestSequence(
  dataset: Dataset,
  current: StatedSnapshot | undefined,
  runs: readonly Run[],
  withdraw: boolean,
  suppression: Suppression | undefined,
): number | undefined {
  if (!current) return nextSequence(dataset, undefined) === 1 ? 1 : undefined;
  const kept = new Set(runs.map(({ sha256 }) => sha256));
  if (suppression && suppression.digest !== current.facts.suppressed?.digest) return undefined;
  if (withdraw || current.facts.sources.some(({ sha256 }) => !kept.has(sha256))) return undefined;
  return isNewest(dataset, current) ? current.stated.statement.minSequence : undefined;
}
