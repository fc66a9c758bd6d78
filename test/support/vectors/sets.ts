// Vectors of PROTOCOL.md §6, §13 and §17: ranges of hashes, and filters of passwords.

import { createHash } from 'node:crypto';
import { md4 } from '../../../ingest/md4.ts';
import type { SnapshotId } from '../../../protocol/brands.ts';
import { normalizePassword } from '../../../protocol/normalize.ts';
import { passwordInput } from '../../../protocol/private-input.ts';
import { padRange } from '../../../store/snapshot/ranges/range-padding.ts';
import { createExampleFilter } from '../examples/filter-examples.ts';
import { toHex } from '../examples/oprf-examples.ts';
import { STATEMENT } from '../signed/samples.ts';
import { hmacSuite, LAYER } from './inputs.ts';

const PASSWORD = 'pässword \u{1f511}';

/** Hashes of one password, and a range of two rows as it is sent with and without padding. */
export function ranges() {
  const sha1 = createHash('sha1').update(PASSWORD).digest();
  const range = sha1.readUIntBE(0, 3) >>> 4;
  const own = sha1.subarray(2);
  const other = Buffer.from(own);
  other[17] = (other[17] as number) ^ 1;
  const suffixes = Buffer.concat([own, other].sort(Buffer.compare));
  const entries = { count: 2, suffixBytes: 18, suffixes, times: Float64Array.of(3, 42) };
  const place = { snapshot: '000007-9f86d081884c7d65' as SnapshotId, name: 'sha1', range } as const;
  const padded = padRange(place, entries, 400).toString();
  return {
    ...{ password: PASSWORD, sha1: toHex(sha1), ntlm: toHex(md4(Buffer.from(PASSWORD, 'utf16le'))) },
    ...{ prefix: sha1.toString('hex').slice(0, 5).toUpperCase(), padded },
    counts: [3, 42].map((times, i) => ({
      suffix: suffixes
        .subarray(18 * i, 18 * i + 18)
        .toString('hex')
        .slice(1)
        .toUpperCase(),
      times,
    })),
  };
}

export function filters() {
  const suite = hmacSuite();
  const outputOf = (password: string) => suite.evaluate(passwordInput(normalizePassword(password)));
  const { file } = createExampleFilter(outputOf('held'), STATEMENT.dataset, LAYER, suite.sealKey);
  const spoil = (at: number, byte: number): string => toHex(file.map((old, i) => (i === at ? byte : old)));
  const others = ['absent', 'not there', 'x'].map((password) => ({ password, mayHold: false }));
  return {
    ...{ dataset: STATEMENT.dataset, layer: LAYER, file: toHex(file) },
    sha256: createHash('sha256').update(file).digest('hex'),
    passwords: [{ password: 'held', mayHold: true }, ...others].map(({ password, mayHold }) => ({
      ...{ password, output: toHex(outputOf(password)), mayHold },
    })),
    refused: [
      { name: 'another magic', file: spoil(7, 1) },
      { name: 'a zero byte that is not zero', file: spoil(40, 1) },
      { name: 'more than 2^53 - 1 entries', file: spoil(49, 0xff) },
      { name: 'another index', file: spoil(56, 1) },
      { name: 'no block', file: spoil(63, 0) },
      { name: 'more blocks than bytes', file: spoil(63, 3) },
      { name: 'a truncated file', file: toHex(file.subarray(0, -1)) },
    ],
  };
}
