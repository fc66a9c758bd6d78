// Checks that a layer which takes the place of others answers for all that they answered for.

import type { BucketId } from '../../protocol/brands.ts';
import { type Bucket, decodeBody } from '../../protocol/bucket.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES } from '../../protocol/bucket-id.ts';
import { TAG_BITS } from '../../protocol/entry.ts';
import type { Dataset } from '../dataset.ts';
import { type LayerReader, openLayer } from './layer-reader.ts';
import type { LayerFacts } from './layout/snapshot-facts.ts';
import { corruptSnapshot } from './layout/snapshot-files.ts';
import { decodeRangeBody } from './ranges/range-body.ts';

/** Buckets between two turns of the event loop. */
const BUCKETS_PER_TURN = 64;

/**
 * @param merged layers of the same prefixes, which `made` takes the place of
 * @throws StoreError `SNAPSHOT_CORRUPT` if an entry of theirs is not in it
 */
export async function assertNothingLost(
  dataset: Dataset,
  merged: readonly LayerFacts[],
  made: LayerFacts,
  turn: () => Promise<void>,
): Promise<void> {
  const readers: LayerReader[] = [];
  try {
    for (const facts of [made, ...merged]) readers.push(await openLayer(dataset, facts));
    const [after, ...before] = readers as [LayerReader, ...LayerReader[]];
    for (const index of INDEX_NAMES) if (after.facts.indexes[index]) await compareIndex(index, before, after, turn);
    for (const reader of before) await compareRanges(reader, after, turn);
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** The new layer may have longer prefixes, or shorter ones. */
async function compareIndex(
  index: IndexName,
  before: readonly LayerReader[],
  after: LayerReader,
  turn: () => Promise<void>,
): Promise<void> {
  const bitsOf = (reader: LayerReader): number => reader.facts.indexes[index]?.prefixBits ?? 0;
  const bits = bitsOf(before[0] as LayerReader);
  const more = Math.max(0, bitsOf(after) - bits);
  const fewer = Math.max(0, bits - bitsOf(after));
  const decode = (reader: LayerReader, id: number): Bucket =>
    decodeBody(reader.body(index, id as BucketId) as Buffer, reader.layout(index).tailBytes);
  for (let id = 0; id < 2 ** bits; id++) {
    const made = Array.from({ length: 2 ** more }, (_, place) => decode(after, (id >>> fewer) * 2 ** more + place));
    const tags = new Set(made.flatMap((bucket) => [...bucket.tags]));
    for (const reader of before) {
      const bucket = decode(reader, id);
      if (!bucket.tags.every((tag) => tags.has(tag)) || !hasForms(bucket, made))
        throw corruptSnapshot(`${after.facts.name}: an entry of index ${index} in ${reader.facts.name} is missing`);
    }
    if (id % BUCKETS_PER_TURN === 0) await turn();
  }
}

/** Whether each short tag begins one of the others, or they begin it. */
function hasForms({ forms }: Bucket, made: readonly Bucket[]): boolean {
  if (!forms) return true;
  return [...forms.tags].every((tag) =>
    made.some(({ forms: of }) => {
      if (!of) return false;
      const [low, high] = [tag * 2 ** (TAG_BITS - forms.bits), (tag + 1) * 2 ** (TAG_BITS - forms.bits)];
      const width = 2 ** (TAG_BITS - of.bits);
      const at = lowerBound(of.tags, Math.floor(low / width));
      return at < of.tags.length && (of.tags[at] as number) * width < high;
    }),
  );
}

/** The place of the first value that is not below `least`. */
function lowerBound(ascending: Float64Array, least: number): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ascending[middle] as number) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}

async function compareRanges(before: LayerReader, after: LayerReader, turn: () => Promise<void>): Promise<void> {
  for (const name of RANGE_NAMES) {
    let read = 0;
    for (const { range, body } of before.rangeBodies(name)) {
      const { suffixes, suffixBytes, count } = decodeRangeBody(name, range, body);
      const found = after.rangeBody(name, range);
      const made = found.length > 0 ? decodeRangeBody(name, range, found).suffixes : new Uint8Array(0);
      const all = new Set(splitHex(made, suffixBytes));
      if (count > all.size || !splitHex(suffixes, suffixBytes).every((suffix) => all.has(suffix)))
        throw corruptSnapshot(`${after.facts.name}: a hash of ${name} in ${before.facts.name} is missing`);
      if (++read % BUCKETS_PER_TURN === 0) await turn();
    }
  }
}

function splitHex(bytes: Uint8Array, width: number): string[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / width }, (_, i) => all.toString('latin1', i * width, (i + 1) * width));
}
