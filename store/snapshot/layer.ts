// The id of a layer, which its buckets, filter and pads are bound to: PROTOCOL.md §12.
//
//   struct LayerInput {
//     u8 label[16] = "credveil layer 2";
//     u8 parameters[];             // JSON of [dataset, [name, value], …], ordered by name
//     struct {
//       u16 number;                // of the source
//       u8  sha256[32];            // of its run
//     } runs[];                    // ordered by number
//   }
//
// It is known before anything is written, and equal runs, numbers and parameters give an equal id.

import { createHash } from 'node:crypto';
import type { LayerId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName } from '../../protocol/bucket-id.ts';
import type { Dataset } from '../dataset.ts';
import { filterRate } from '../dataset-parameters.ts';
import type { Run } from '../run/run.ts';
import type { LayerFacts } from './layout/snapshot-facts.ts';

const LABEL = 'credveil layer 2';
const ID_DIGITS = 32;

/** Bits that short tags of forms have more in a layer after the first: their chances add up. */
export const ADDED_FORM_BITS = 3;

/** The prefixBits of each index, which layers after the first take from it. */
export type Prefixes = { readonly [name in IndexName]?: number };

export function prefixesOf({ indexes }: Pick<LayerFacts, 'indexes'>): Prefixes {
  const prefixes: { [name in IndexName]?: number } = {};
  for (const name of INDEX_NAMES) {
    const index = indexes[name];
    if (index) prefixes[name] = index.prefixBits;
  }
  return prefixes;
}

/** What a layer follows from, besides its runs and the dataset. */
export interface LayerBasis {
  /** Digest of the suppressed names, if there are any. */
  readonly suppressed?: string | undefined;
  /** Of a layer after the first: those of the first. It lacks the test credentials. */
  readonly prefixes?: Prefixes | undefined;
}

/** @param numberOf the number of a run's source */
export function layerId<R extends Pick<Run, 'sha256'>>(
  { id, parameters }: Dataset,
  runs: readonly R[],
  numberOf: (run: R) => number,
  { suppressed, prefixes }: LayerBasis = {},
): LayerId {
  const listed = { ...(suppressed !== undefined && { suppressed }), ...(prefixes && { prefixes }) };
  // A rate that is not recorded is the default's.
  const given = Object.entries({ ...parameters, filterOneIn: filterRate(parameters), ...listed });
  const ordered = given.sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256')
    .update(LABEL)
    .update(JSON.stringify([id, ...ordered]));
  for (const run of [...runs].sort((a, b) => numberOf(a) - numberOf(b))) {
    const number = Buffer.alloc(2);
    number.writeUInt16BE(numberOf(run));
    hash.update(number).update(run.sha256, 'hex');
  }
  return hash.digest('hex').slice(0, ID_DIGITS) as LayerId;
}
