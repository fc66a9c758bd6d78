// What a publish goes on from: the current snapshot, or a later one that CURRENT does not name.
//
// A publish that is killed after it has written the facts of its snapshot, and before it names it
// in CURRENT, leaves a whole snapshot that its publisher has signed. The next publish takes it for
// the current one. So it does if somebody who may write the folder sets CURRENT back, which looks
// the same: nobody gains by that, since he could name the later snapshot himself.

import type { SealKey } from '../../protocol/brands.ts';
import type { Dataset } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { isMissing } from '../files.ts';
import { openFacts } from './current.ts';
import { openLayer } from './layer-reader.ts';
import { type LayerFacts, layersOf } from './layout/snapshot-facts.ts';
import { isAsPublished, isNewest, newestSequence } from './sequence.ts';
import { openStated, type StatedSnapshot } from './stated-facts.ts';
import { readStatement } from './statement-files.ts';

export interface CurrentBasis {
  /** The snapshot that CURRENT names. Undefined before the first publish. */
  readonly named: StatedSnapshot | undefined;
  /** The same, or the later one that takes its place. */
  readonly current: StatedSnapshot | undefined;
  /** Whether `current` is the newest: what its facts say may be believed. */
  readonly isTrusted: boolean;
}

/** @throws StoreError `SNAPSHOT_CORRUPT`, `STATEMENT_CORRUPT` of the snapshot that CURRENT names */
export async function openBasis(dataset: Dataset, sealKey: SealKey): Promise<CurrentBasis> {
  const named = openStated(dataset, sealKey);
  if (!named) return { named, current: named, isTrusted: false };
  if (isNewest(dataset, named, sealKey)) return { named, current: named, isTrusted: true };
  // A kill alters no facts. Who did may have done more.
  const unnamed = isAsPublished(dataset, named) ? await openUnnamed(dataset, named, sealKey) : undefined;
  return { named, current: unnamed ?? named, isTrusted: unnamed !== undefined };
}

/**
 * The newest snapshot, if nothing of it is missing or altered, and it withdraws what the named one
 * does: one of a copy of the dataset, which went on by itself, may not.
 */
async function openUnnamed(
  dataset: Dataset,
  named: StatedSnapshot,
  sealKey: SealKey,
): Promise<StatedSnapshot | undefined> {
  const name = String(newestSequence(dataset, named, sealKey)).padStart(6, '0');
  try {
    const newest = { ...openFacts(dataset, name), stated: readStatement(dataset, name, sealKey) };
    if (!isNewest(dataset, newest, sealKey) || minSequenceOf(newest) < minSequenceOf(named)) return undefined;
    for (const layer of layersOf(newest.facts)) await verifyLayer(dataset, layer);
    return newest;
  } catch (error) {
    if (error instanceof StoreError && !isOfSystem(error.cause)) return undefined;
    throw error;
  }
}

const minSequenceOf = ({ stated }: StatedSnapshot): number => stated.statement.minSequence;

async function verifyLayer(dataset: Dataset, layer: LayerFacts): Promise<void> {
  const reader = await openLayer(dataset, layer);
  try {
    reader.verifyFiles();
  } finally {
    reader.close();
  }
}

/** What cannot be read now may be whole: nothing is withdrawn for it. */
const isOfSystem = (cause: unknown): boolean =>
  (cause as NodeJS.ErrnoException | undefined)?.syscall !== undefined && !isMissing(cause);
