// A range in several layers as one: hashes once, their counts added up, as merging runs does.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { compareBytes } from '../../../protocol/bytes.ts';
import { decodeRangeBody, encodeRangeBody, type RangeEntries } from './range-body.ts';

const MAX_TIMES = 2 ** 32 - 1;

/**
 * @param bodies stored ones, maybe empty
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export function joinRangeBodies(name: RangeName, range: number, bodies: readonly Buffer[]): Buffer {
  const filled = bodies.filter((body) => body.length > 0);
  const [first = Buffer.alloc(0), ...others] = filled;
  if (others.length === 0) return first;
  const { suffixes, times } = others.reduce<RangeEntries>(
    (joined, body) => joinTwo(joined, decodeRangeBody(name, range, body)),
    decodeRangeBody(name, range, first),
  );
  return encodeRangeBody(suffixes, times);
}

export interface StoredRange {
  readonly range: number;
  readonly body: Buffer;
}

/**
 * All ranges with entries, in order.
 * @param layers those of each layer, in order
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export function* joinRanges(name: RangeName, layers: readonly Generator<StoredRange>[]): Generator<StoredRange> {
  try {
    const heads = layers.map((layer) => layer.next());
    for (;;) {
      const range = Math.min(...heads.map(({ done, value }) => (done ? Number.POSITIVE_INFINITY : value.range)));
      if (range === Number.POSITIVE_INFINITY) return;
      const bodies: Buffer[] = [];
      for (const [i, { done, value }] of heads.entries()) {
        if (done || value.range !== range) continue;
        bodies.push(value.body);
        heads[i] = (layers[i] as Generator<StoredRange>).next();
      }
      yield { range, body: joinRangeBodies(name, range, bodies) };
    }
  } finally {
    for (const layer of layers) layer.return(undefined);
  }
}

function joinTwo(a: RangeEntries, b: RangeEntries): RangeEntries {
  const { suffixBytes } = a;
  const suffixes = new Uint8Array((a.count + b.count) * suffixBytes);
  const times = new Float64Array(a.count + b.count);
  let count = 0;
  for (let i = 0, j = 0; i < a.count || j < b.count; count++) {
    const [atA, atB] = [i * suffixBytes, j * suffixBytes];
    const order = i === a.count ? 1 : j === b.count ? -1 : compareBytes(a.suffixes, atA, b.suffixes, atB, suffixBytes);
    const [from, at] = order <= 0 ? [a.suffixes, atA] : [b.suffixes, atB];
    suffixes.set(from.subarray(at, at + suffixBytes), count * suffixBytes);
    let seen = 0;
    if (order <= 0) seen += a.times[i++] as number;
    if (order >= 0) seen += b.times[j++] as number;
    times[count] = Math.min(MAX_TIMES, seen);
  }
  return { count, suffixBytes, suffixes: suffixes.subarray(0, count * suffixBytes), times: times.subarray(0, count) };
}
