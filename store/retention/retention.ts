// What the names of a dataset decide about its runs before they are published.

import { createHash } from 'node:crypto';
import type { Dataset } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { planRemoval, type RunRemoval } from '../run/removal.ts';
import type { Run } from '../run/run.ts';
import { namesPath, readListedNames } from './name-file.ts';
import type { NameList } from './name-list.ts';

/** What suppressed names take out of the runs. */
export interface Suppression {
  readonly names: number;
  /** Of the names' entries, so of all that decides what is left out. */
  readonly digest: string;
  of(run: Run): RunRemoval | undefined;
  readonly records: number;
  readonly kept: number;
  /** Sources with records that may be a suppressed person's, and are not left out. */
  readonly keptIn: readonly string[];
}

/**
 * Undefined if no name is suppressed.
 * @param names the list of the dataset
 * @param before whether the current snapshot leaves out names
 * @throws StoreError `NAMES_REQUIRED`, `NAMES_MISSING`, `RUN_UNSUPPRESSED`
 */
export function planSuppression(
  dataset: Dataset,
  runs: readonly Run[],
  names: NameList | undefined,
  before: boolean,
): Suppression | undefined {
  const listed = readListedNames(dataset);
  if (before && !listed)
    throw new StoreError(
      'NAMES_MISSING',
      `${namesPath(dataset)} is missing, and the current snapshot leaves out its names`,
      'Restore it from a backup: without it, suppressed persons would come back. If no name was ever suppressed here, the facts of the snapshot were altered: delete CURRENT and publish again.',
    );
  if (!names) {
    if (!listed?.some(({ kind }) => kind === 'suppressed')) return undefined;
    throw new StoreError(
      'NAMES_REQUIRED',
      `dataset ${dataset.folder} suppresses names`,
      'Open its list with the key of the dataset, and pass it.',
    );
  }
  const suppressed = names.of('suppressed');
  if (suppressed.length === 0) return undefined;
  const entries = suppressed.flatMap(({ entry }) => entry ?? []);
  if (entries.length < suppressed.length) assertLeftOut(runs, names);
  const removals = new Map<Run, RunRemoval>();
  for (const run of runs) {
    const removal = planRemoval(run, entries);
    if (removal) removals.set(run, removal);
  }
  const all = [...removals.values()];
  return {
    names: suppressed.length,
    digest: digestOf(entries),
    of: (run) => removals.get(run),
    records: all.reduce((sum, { records }) => sum + records, 0),
    kept: all.reduce((sum, { kept }) => sum + kept, 0),
    keptIn: [...removals].filter(([, { kept }]) => kept > 0).map(([run]) => run.facts.source),
  };
}

function digestOf(entries: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const entry of [...entries].sort(Buffer.compare)) hash.update(entry);
  return hash.digest('hex');
}

/**
 * Names that were taken over from another key have no entry to look up: an ingest here leaves them
 * out, and of other runs nobody knows.
 */
function assertLeftOut(runs: readonly Run[], names: NameList): void {
  const unknown = runs.find(({ facts }) => facts.names?.list !== names.id);
  if (!unknown) return;
  throw new StoreError(
    'RUN_UNSUPPRESSED',
    `run ${unknown.file}: it was not ingested with this dataset's suppressed names, of which some came from another key`,
    'Ingest its corpus here with --replace, or add the suppressed addresses again with `credveil suppress add`.',
  );
}
