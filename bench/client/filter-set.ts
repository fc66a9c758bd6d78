// A sealed filter of seeded passwords for bench:filter, written like a published one.

import fs from 'node:fs';
import type { DatasetId, LayerId, PrfOutput } from '../../protocol/brands.ts';
import { readU32 } from '../../protocol/bytes.ts';
import { passwordBucketHash } from '../../protocol/entry.ts';
import { normalizePassword } from '../../protocol/normalize.ts';
import { createFilterSeal, openFilter, type PasswordFilter } from '../../protocol/password-filter.ts';
import { passwordInput } from '../../protocol/private-input.ts';
import { SEAL_BYTES } from '../../protocol/seal.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { chooseBlocks, FilterPartWriter, writeFilter as joinFilter } from '../../store/snapshot/parts/filter-writer.ts';
import { seededRandom } from '../../test/support/dataset.ts';

const LETTERS = Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789');

/** The dataset of the filter; a client's key names it. */
export const FILTER_DATASET = '0123456789abcdef' as DatasetId;

/** Passwords of 8 to 15 characters. Two seeds share passwords only by chance. */
export function* seededWords(count: number, seed: number): Generator<string> {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) {
    const units = Array.from(
      { length: 8 + Math.floor(random() * 8) },
      () => LETTERS[Math.floor(random() * 36)] as number,
    );
    // One flat string, as from a parser: V8 flattens a concatenated string on its first read,
    // which would be part of the measurement.
    yield String.fromCharCode(...units);
  }
}

export const outputOf = (suite: KeyedSuite, password: string): PrfOutput =>
  suite.evaluate(passwordInput(normalizePassword(password)));

/** Writes a filter of the canary and `count` passwords. */
export async function writeFilter(file: string, suite: KeyedSuite, count: number, seed: number, oneIn: number) {
  // Halves in the order of a little-endian 64-bit number, so that the platform can sort them.
  const halves = new Uint32Array(2 * (count + 1));
  let at = 0;
  const add = (password: string): void => {
    const output = outputOf(suite, password);
    halves[at++] = readU32(output, 2);
    halves[at++] = passwordBucketHash(output);
  };
  add(CANARY.password);
  for (const word of seededWords(count, seed)) add(word);
  new BigUint64Array(halves.buffer).sort();
  const layer = '000102030405060708090a0b0c0d0e0f' as LayerId;
  const place = { dataset: FILTER_DATASET, layer, blocks: chooseBlocks(count + 1, oneIn) };
  const part = { file: `${file}.blocks`, range: { from: 0, to: place.blocks }, entries: count + 1 };
  const writer = new FilterPartWriter(part.file, place.blocks, part.range);
  for (let i = 0; i < halves.length; i += 2) writer.add(halves[i + 1] as number, halves[i] as number);
  const { sha256 } = writer.finish();
  const { facts } = await joinFilter(file, place, [{ ...part, sha256 }], suite.sealKey, async () => undefined);
  fs.rmSync(part.file);
  return facts;
}

export function readFilter(file: string, suite: KeyedSuite): PasswordFilter {
  const bytes = fs.readFileSync(file);
  const seal = createFilterSeal(suite.sealKey);
  seal.update(bytes.subarray(0, bytes.length - SEAL_BYTES));
  return openFilter(bytes, seal.digest());
}
