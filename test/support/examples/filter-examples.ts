// The worked examples of PROTOCOL.md for the password filter: §17.

import type { DatasetId, LayerId, PrfOutput, SealKey } from '../../../protocol/brands.ts';
import { entryTag, passwordBucketHash } from '../../../protocol/entry.ts';
import { createFilterSeal, encodeFilterHeader, filterFileBytes, filterLow } from '../../../protocol/password-filter.ts';
import { SEAL_BYTES } from '../../../protocol/seal.ts';
import { BLOCK_BYTES, blockIndex, setBits } from '../../../protocol/split-block.ts';
import { hashHex, type Rows, toHex } from './oprf-examples.ts';

export interface ExampleFilter {
  readonly file: Uint8Array;
  readonly blocks: number;
  readonly block: number;
  readonly low: number;
}

/** A filter of one password in two blocks. */
export function createExampleFilter(
  output: PrfOutput,
  dataset: DatasetId,
  layer: LayerId,
  sealKey: SealKey,
): ExampleFilter {
  const blocks = 2;
  const header = encodeFilterHeader({ dataset, layer, entries: 1, blocks });
  const file = new Uint8Array(filterFileBytes(blocks));
  file.set(header);
  const block = blockIndex(passwordBucketHash(output), blocks);
  const low = filterLow(entryTag(output));
  setBits(file, header.length + block * BLOCK_BYTES, low);
  const seal = createFilterSeal(sealKey);
  seal.update(file.subarray(0, -SEAL_BYTES));
  file.set(seal.digest(), file.length - SEAL_BYTES);
  return { file, blocks, block, low };
}

export const computeFilterExamples = ({ file, blocks, block, low }: ExampleFilter): Rows => [
  ['filter.blocks', `${blocks}`],
  ['filter.block', `${block}`],
  ['filter.low', hashHex(low >>> 0)],
  ['filter.bits', maskBits(low)],
  ['filter.file', toHex(file)],
];

/** The position of the bit set in each of the eight words, computed independently of the code. */
const maskBits = (low: number): string =>
  ['47b6137b', '44974d91', '8824ad5b', 'a2b7289d', '705495c7', '2df1424b', '9efc4947', '5c6bfb31']
    .map((salt) => ((BigInt(low >>> 0) * BigInt(`0x${salt}`)) & 0xffff_ffffn) >> 27n)
    .join(' ');
