// Verifies the password filter of a layer: by itself, and block by block against the runs that it
// was made of.

import fs from 'node:fs';
import { equalBytes } from '../protocol/bytes.ts';
import { entryTag, passwordBucketHash } from '../protocol/entry.ts';
import { normalizePassword } from '../protocol/normalize.ts';
import { FILTER_HEADER_BYTES, filterLow, parseFilterHeader } from '../protocol/password-filter.ts';
import { passwordInput } from '../protocol/private-input.ts';
import { SEAL_BYTES } from '../protocol/seal.ts';
import { BLOCK_BYTES, blockIndex, hasBits } from '../protocol/split-block.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { CANARY } from '../protocol/test-credentials.ts';
import type { Dataset } from './dataset.ts';
import { digestFile, openRegularFile } from './files.ts';
import type { LayerReader } from './snapshot/layer-reader.ts';
import { corruptSnapshot, filterPath } from './snapshot/layout/snapshot-files.ts';
import { FilterBlocks, sealFilterFile } from './snapshot/parts/filter-writer.ts';

/**
 * Makes the blocks of a layer's filter again and compares them with those of its file: a bit less
 * would rule a leaked password out. Undefined for a layer without a filter.
 */
export function filterComparer({ facts, filter }: LayerReader): FilterBlocks | undefined {
  if (!facts.filter || !filter) return undefined;
  const { blocks } = facts.filter;
  let at = FILTER_HEADER_BYTES;
  return new FilterBlocks(blocks, { from: 0, to: blocks }, (made) => {
    const stored = Buffer.allocUnsafe(made.length);
    filter.readInto(stored, at);
    if (!stored.equals(made)) throw corruptSnapshot(`${facts.name}: its filter is not what its runs make`);
    at += made.length;
  });
}

/**
 * Checks the seal and the header, and that the filter of the first layer contains the canary.
 * @returns its number of entries
 */
export async function verifyFilter(
  dataset: Dataset,
  { facts }: LayerReader,
  suite: KeyedSuite | undefined,
  isFirst: boolean,
): Promise<number | null> {
  const { filter, name } = facts;
  if (!filter) return null;
  const file = filterPath(dataset, name);
  const wrong = (what: string) => corruptSnapshot(`${name}: its filter ${what}`);
  if ((await digestFile(file, wrong)) !== filter.sha256) throw wrong('is not the one of its statement');
  const sealed = suite && (await sealFilterFile(file, suite.sealKey, filter.bytes - SEAL_BYTES));
  const handle = openRegularFile(file, wrong);
  try {
    const read = (bytes: number, at: number): Buffer => {
      const buffer = Buffer.alloc(bytes);
      fs.readSync(handle, buffer, 0, bytes, at);
      return buffer;
    };
    if (sealed && !equalBytes(read(SEAL_BYTES, filter.bytes - SEAL_BYTES), sealed))
      throw wrong('has a seal that does not match this key');
    const header = parseFilterHeader(read(FILTER_HEADER_BYTES, 0));
    if (header.layer !== facts.layer || header.dataset !== dataset.id) throw wrong('belongs to another layer');
    if (header.blocks !== filter.blocks || header.entries !== filter.entries) throw wrong('does not match the facts');
    if (!suite || !isFirst) return header.entries;
    const output = suite.evaluate(passwordInput(normalizePassword(CANARY.password)));
    const at = FILTER_HEADER_BYTES + blockIndex(passwordBucketHash(output), header.blocks) * BLOCK_BYTES;
    if (!hasBits(read(BLOCK_BYTES, at), 0, filterLow(entryTag(output)))) throw wrong('does not contain the canary');
    return header.entries;
  } finally {
    fs.closeSync(handle);
  }
}
