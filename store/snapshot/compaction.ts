// Checks that a layer which takes the place of others answers for all that they answered for.

import type { BucketId } from '../../protocol/brands.ts';
import { type Bucket, decodeBody, type FormTags } from '../../protocol/bucket.ts';
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
  let read = 0;
  for (let id = 0; id < 2 ** bits; id++) {
    const sought = before.map((reader) => seek(decode(reader, id)));
    // One at a time: those of all places may be all entries of the new layer.
    for (let place = 0; place < 2 ** more; place++) {
      const made = decode(after, (id >>> fewer) * 2 ** more + place);
      for (const entries of sought) find(entries, made);
      if (++read % BUCKETS_PER_TURN === 0) await turn();
    }
    for (const [i, { tags, formsFound }] of sought.entries())
      if (tags.size > 0 || formsFound.includes(0))
        throw corruptSnapshot(`${after.facts.name}: an entry of index ${index} in ${before[i]?.facts.name} is missing`);
  }
}

/** What a bucket of a layer before has, as far as it is not found yet. */
interface Sought {
  readonly tags: Set<number>;
  readonly forms: FormTags | undefined;
  /** 1 for each of the forms that was found. */
  readonly formsFound: Uint8Array;
}

const seek = ({ tags, forms }: Bucket): Sought => ({
  ...{ tags: new Set(tags), forms },
  formsFound: new Uint8Array(forms?.tags.length ?? 0),
});

function find({ tags, forms, formsFound }: Sought, made: Bucket): void {
  for (const tag of made.tags) tags.delete(tag);
  if (forms && made.forms) findForms(forms, made.forms, formsFound);
}

/** A short tag is found if it begins one of the others, or one of them begins it. */
function findForms(forms: FormTags, made: FormTags, found: Uint8Array): void {
  const [width, madeWidth] = [2 ** (TAG_BITS - forms.bits), 2 ** (TAG_BITS - made.bits)];
  for (let i = 0, j = 0; i < forms.tags.length && j < made.tags.length; ) {
    const [from, madeFrom] = [(forms.tags[i] as number) * width, (made.tags[j] as number) * madeWidth];
    if (from < madeFrom + madeWidth && madeFrom < from + width) found[i] = 1;
    if (from + width <= madeFrom + madeWidth) i++;
    else j++;
  }
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
