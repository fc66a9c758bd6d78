// `?snapshot=`: the snapshot that a request asks for, among those that are served, and `&layer=`
// one of its layers. PROTOCOL.md §13.

import { ProblemError } from '../../runtime/http/problem.ts';
import type { LayerReader } from '../../store/snapshot/layer-reader.ts';
import type { ServedSnapshot, ServedSnapshots } from '../snapshots/snapshots.ts';

const SNAPSHOT_QUERY = /^snapshot=(\d{6,12}-[0-9a-f]{16})$/;
const LAYER_QUERY = /^(.+)&layer=([0-9a-f]{32})$/;

/**
 * @param query what follows the question mark; without it the current snapshot answers
 * @throws ProblemError `QUERY_MALFORMED`, `SNAPSHOT_GONE`
 */
export function requestedSnapshot(snapshots: ServedSnapshots, query: string | undefined): ServedSnapshot {
  if (query === undefined) return snapshots.current;
  const id = SNAPSHOT_QUERY.exec(query)?.[1];
  if (id === undefined) throw new ProblemError('QUERY_MALFORMED');
  const served = snapshots.find(id);
  if (!served) throw new ProblemError('SNAPSHOT_GONE');
  return served;
}

export interface RequestedLayer {
  readonly served: ServedSnapshot;
  readonly layer: LayerReader;
  /** What its ETags begin with: a layer is the same in all snapshots that have it. */
  readonly name: string;
}

/**
 * A layer may be left out where there is one.
 * @throws ProblemError `LAYER_MISSING`, and as `requestedSnapshot`
 */
export function requestedLayer(snapshots: ServedSnapshots, query: string | undefined): RequestedLayer {
  const [, ofSnapshot, id] = LAYER_QUERY.exec(query ?? '') ?? [];
  const served = requestedSnapshot(snapshots, ofSnapshot ?? query);
  const { layers } = served.snapshot;
  const layer = id === undefined ? layers[0] : layers.find(({ facts }) => facts.layer === id);
  // What one of several answers is not all that the dataset has.
  if (!layer || (id === undefined && layers.length > 1)) throw new ProblemError('LAYER_MISSING');
  return { served, layer, name: id ?? served.id };
}
