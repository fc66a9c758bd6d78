// Bodies of ranges in each of their forms, the ones asked for lately held in memory. PROTOCOL.md
// §13.
//
// Unlike keyed hashes, those of passwords are asked unevenly: popular passwords come again and
// again, so what was rendered or compressed is kept. Two generations, of which the older one is
// dropped whole, cost nothing on a hit.

import zlib from 'node:zlib';
import { RANGE_NAMES, RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import { paddedTextBytes, padRange } from '../../store/snapshot/range-padding.ts';
import { rangeEntries, rangeText, type Snapshot } from '../../store/snapshot/snapshot.ts';

/** How a range is answered. */
export const RANGE_FORMS = ['identity', 'br', 'gzip', 'padded'] as const;
export type RangeForm = (typeof RANGE_FORMS)[number];

/** Undefined if the dataset does not have the index. The bytes must not be changed. */
export type ReadRange = (name: RangeName, range: number, form: RangeForm) => Buffer | undefined;

/** Smaller bodies are as quick to make as to find. */
const LEAST_BYTES = 1024;
/** Memory of a held body beside its bytes. */
const OVERHEAD_BYTES = 256;

/** Digits of hashes hold four bits each and never repeat: more effort finds nothing to save. */
const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };
const GZIP = { level: 1, strategy: zlib.constants.Z_RLE };

/** @param maxHeldBytes memory for held bodies */
export function createRangeReader(snapshot: Snapshot, maxHeldBytes: number): ReadRange {
  let young = new Map<number, Buffer>();
  let old = new Map<number, Buffer>();
  let youngBytes = 0;
  const hold = (key: number, body: Buffer): void => {
    const bytes = body.length + OVERHEAD_BYTES;
    if (youngBytes + bytes > maxHeldBytes / 2) {
      old = young;
      young = new Map();
      youngBytes = 0;
    }
    if (bytes > maxHeldBytes / 2) return;
    young.set(key, body);
    youngBytes += bytes;
  };
  return (name, range, form) => {
    const key = (RANGE_NAMES.indexOf(name) * RANGE_FORMS.length + RANGE_FORMS.indexOf(form)) * RANGES + range;
    const held = young.get(key);
    if (held) return held;
    const body = old.get(key) ?? makeBody(snapshot, name, range, form);
    if (body && body.length >= LEAST_BYTES) hold(key, body);
    return body;
  };
}

function makeBody(snapshot: Snapshot, name: RangeName, range: number, form: RangeForm): Buffer | undefined {
  if (form === 'padded') {
    const facts = snapshot.facts.ranges?.[name];
    const entries = rangeEntries(snapshot, name, range);
    const place = { snapshot: snapshot.facts.snapshot, name, range };
    return facts && entries && padRange(place, entries, paddedTextBytes(name, facts));
  }
  const text = rangeText(snapshot, name, range);
  if (text === undefined || form === 'identity') return text;
  return form === 'br' ? zlib.brotliCompressSync(text, BROTLI) : zlib.gzipSync(text, GZIP);
}
