// Which layers a publish keeps, and of which runs it makes another one. PROTOCOL.md §12.
//
// Layers are merged by rule, as in a log-structured merge tree: four that were added become one,
// and all become one when what was added has more than a tenth of the records of the base.

import type { LayerId } from '../../protocol/brands.ts';
import type { Dataset } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import type { Run } from '../run/run.ts';
import { type LayerBasis, layerId, type Prefixes, prefixesOf } from './layer.ts';
import { type LayerFacts, layersOf, type SourceFacts } from './layout/snapshot-facts.ts';
import type { StatedSnapshot } from './stated-facts.ts';

/** With one more, those that were added become one. */
const MAX_ADDED = 3;
/** All become one when those that were added have more than this share of the base's records. */
const MAX_ADDED_SHARE = 0.1;

export interface LayerPlan {
  /** What stays as it is, the base first; nothing of a snapshot that is written as a whole. */
  readonly kept: readonly LayerFacts[];
  /** Of the layer that is written; none if there is nothing to write. */
  readonly runs: readonly Run[];
  readonly layer: LayerId;
  /** Of the base, if it stays. */
  readonly prefixes?: Prefixes;
  /** What the new layer takes the place of, and must not lose. */
  readonly merged: readonly LayerFacts[];
}

/** What decides about layers. */
export interface PlanOptions {
  readonly dataset: Dataset;
  readonly current: StatedSnapshot | undefined;
  /** Whether that is the newest, and what its facts say may be believed. */
  readonly isTrusted: boolean;
  /** All that are not left out. */
  readonly runs: readonly Run[];
  readonly numberOf: (run: Run) => number;
  /** Digest of the suppressed names, if there are any. */
  readonly suppressed: string | undefined;
}

/** One layer of all runs. */
export function planWhole(
  { dataset, runs, numberOf, suppressed }: PlanOptions,
  merged: readonly LayerFacts[] = [],
): LayerPlan {
  return { kept: [], runs, layer: layerId(dataset, runs, numberOf, { suppressed }), merged };
}

/**
 * The layers of the current snapshot and what was added since, as long as that is worth it.
 * @throws StoreError `DELTA_REFUSED` if anything else than added sources makes a difference
 */
export function planAdded(options: PlanOptions): LayerPlan {
  const { dataset, current, isTrusted, runs, numberOf, suppressed } = options;
  if (!current) return planWhole(options);
  // Who may write the folder, and holds no key, would have layers of his own vouched for.
  if (!isTrusted) throw refused(dataset, 'CURRENT names no snapshot that is the newest, and as it was published');
  const layers = layersOf(current.facts);
  const [base, ...added] = layers as readonly [LayerFacts, ...LayerFacts[]];
  const prefixes = prefixesOf(base);
  const runOf = new Map(runs.map((run) => [numberOf(run), run]));
  for (const source of current.facts.sources) assertUnchanged(dataset, source, runOf.get(source.number));
  // Their ids tell of which runs they are; a source that facts alone list would be left out.
  const published = new Set(layers.flatMap(({ numbers }) => numbers));
  const runsOf = ({ numbers }: LayerFacts): Run[] => numbers.flatMap((number) => runOf.get(number) ?? []);
  const isSame = (layer: LayerFacts, basis: LayerBasis): boolean =>
    layerId(dataset, runsOf(layer), numberOf, { suppressed, ...basis }) === layer.layer;
  if (!isSame(base, {}) || !added.every((layer) => isSame(layer, { prefixes })))
    throw refused(dataset, 'its parameters or suppressed names changed since the current snapshot');
  const fresh = runs.filter((run) => !published.has(numberOf(run)));
  // One layer has its files under the name of its snapshot.
  if (fresh.length === 0 && added.length === 0) return planWhole(options);
  if (fresh.length === 0) return { kept: layers, runs: [], layer: base.layer, prefixes, merged: [] };
  const isFull = added.length >= MAX_ADDED;
  const later = [...added.flatMap(runsOf), ...fresh];
  if (countRecords(later) > MAX_ADDED_SHARE * countRecords(runsOf(base))) return planWhole(options, layers);
  const isLater = new Set(later);
  // In the order of publishing, which decides about sources.
  const written = isFull ? runs.filter((run) => isLater.has(run)) : fresh;
  return {
    kept: isFull ? [base] : layers,
    runs: written,
    layer: layerId(dataset, written, numberOf, { suppressed, prefixes }),
    prefixes,
    merged: isFull ? added : [],
  };
}

const countRecords = (runs: readonly Run[]): number =>
  runs.flatMap(({ facts }) => facts.sections).reduce((sum, { records }) => sum + records, 0);

/** @throws StoreError `DELTA_REFUSED` */
function assertUnchanged(dataset: Dataset, { name, sha256 }: SourceFacts, run: Run | undefined): void {
  if (run?.sha256 === sha256) return;
  const what = run ? 'was replaced' : 'was removed, or expired,';
  throw refused(dataset, `source ${name} ${what} since the current snapshot`);
}

const refused = (dataset: Dataset, why: string): StoreError =>
  new StoreError(
    'DELTA_REFUSED',
    `dataset ${dataset.folder}: ${why}`,
    `What was published can only be left out as a whole. Run: credveil publish ${dataset.folder}`,
  );
