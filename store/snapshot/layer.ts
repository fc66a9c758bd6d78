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
import { type Dataset, filterRate } from '../dataset.ts';
import type { Run } from '../run/run.ts';

const LABEL = 'credveil layer 2';
const ID_DIGITS = 32;

/**
 * @param numberOf the number of a run's source
 * @param suppressed digest of the suppressed names, if there are any
 */
export function layerId(
  { id, parameters }: Dataset,
  runs: readonly Run[],
  numberOf: (run: Run) => number,
  suppressed?: string,
): LayerId {
  // A rate that is not recorded is the default's.
  const listed = suppressed === undefined ? {} : { suppressed };
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
