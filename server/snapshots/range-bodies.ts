// Bodies of ranges in each of their forms, with a memory cache of recent ones. PROTOCOL.md §13.
//
// Unlike buckets of keyed hashes, ranges are requested unevenly, since popular passwords recur: the
// cache keeps rendered and compressed bodies. It has two generations and drops the older one as a
// whole, so that a hit costs nothing.

import zlib from 'node:zlib';
import { RangeKernel } from '../../accel/range-kernel.ts';
import { RANGE_NAMES, RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../store/run/range-record.ts';
import { entriesOf, SHARED_BYTES } from '../../store/snapshot/ranges/range-body.ts';
import { paddedTextBytes, padRange } from '../../store/snapshot/ranges/range-padding.ts';
import { formatRows } from '../../store/snapshot/ranges/range-text.ts';
import { rangeEntries, type Snapshot } from '../../store/snapshot/snapshot.ts';

/** The forms of a range in responses. */
export const RANGE_FORMS = ['identity', 'br', 'gzip', 'padded'] as const;
export type RangeForm = (typeof RANGE_FORMS)[number];

/** Undefined if the dataset does not have the index. The caller must not change the bytes. */
export type ReadRange = (name: RangeName, range: number, form: RangeForm) => Buffer | undefined;

/** Making a smaller body takes no longer than a cache hit. */
const MIN_HELD_BYTES = 1024;
/** Memory that the cache needs for a body in addition to its bytes. */
const OVERHEAD_BYTES = 256;

/** Hex digits of hashes carry four bits each and never repeat: higher levels save nothing. */
const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };
const GZIP = { level: 1, strategy: zlib.constants.Z_RLE };

/** @param maxHeldBytes memory of the cache */
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
    if (body && body.length >= MIN_HELD_BYTES) hold(key, body);
    return body;
  };
}

/** Of this thread: rendering does not yield. */
let kernel: RangeKernel | undefined;

/** As `rangeText`, in a tenth of its time where the kernel takes the body. */
function renderText(snapshot: Snapshot, name: RangeName, range: number): Buffer | undefined {
  kernel ??= new RangeKernel();
  const body = snapshot.rangeBody(name, range, kernel.takeRoom);
  if (!body) return undefined;
  const text = kernel.render(body, HASH_BYTES[name] - SHARED_BYTES, range);
  // The kernel leaves what is empty, too long or malformed, whose error has a name here.
  return text ? Buffer.from(text) : formatRows(name, entriesOf(name, range, body));
}

function makeBody(snapshot: Snapshot, name: RangeName, range: number, form: RangeForm): Buffer | undefined {
  if (form === 'padded') {
    const facts = snapshot.facts.ranges?.[name];
    const entries = rangeEntries(snapshot, name, range);
    const place = { snapshot: snapshot.facts.snapshot, name, range };
    return facts && entries && padRange(place, entries, paddedTextBytes(name, facts));
  }
  const text = renderText(snapshot, name, range);
  if (text === undefined || form === 'identity') return text;
  return form === 'br' ? zlib.brotliCompressSync(text, BROTLI) : zlib.gzipSync(text, GZIP);
}
