// Bodies of ranges in each of their forms, rendered and compressed. PROTOCOL.md §13.
//
// Unlike buckets of keyed hashes, ranges are requested unevenly, since popular passwords recur:
// those asked for lately are held.

import zlib from 'node:zlib';
import { RangeKernel } from '../../accel/range-kernel.ts';
import { RANGE_NAMES, RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../store/run/range-record.ts';
import { entriesOf, SHARED_BYTES } from '../../store/snapshot/ranges/range-body.ts';
import { paddedTextBytes, padRange } from '../../store/snapshot/ranges/range-padding.ts';
import { formatRows } from '../../store/snapshot/ranges/range-text.ts';
import { rangeEntries, type Snapshot } from '../../store/snapshot/snapshot.ts';
import { HeldRanges, type SentBody } from './held-ranges.ts';

/** The forms of a range in responses. */
export const RANGE_FORMS = ['identity', 'br', 'gzip', 'padded'] as const;
export type RangeForm = (typeof RANGE_FORMS)[number];

/** Undefined if the dataset does not have the index. */
export type ReadRange = (name: RangeName, range: number, form: RangeForm) => SentBody | undefined;

/** Hex digits of hashes carry four bits each and never repeat: higher levels save nothing. */
const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };
const GZIP = { level: 1, strategy: zlib.constants.Z_RLE };

/** @param maxHeldBytes memory of bodies that are held */
export function createRangeReader(snapshot: Snapshot, maxHeldBytes: number): ReadRange {
  const held = new HeldRanges(maxHeldBytes);
  return (name, range, form) => {
    const key = (RANGE_NAMES.indexOf(name) * RANGE_FORMS.length + RANGE_FORMS.indexOf(form)) * RANGES + range;
    const bytes = held.get(key);
    if (bytes) return { bytes };
    const body = makeBody(snapshot, name, range, form);
    return body && held.add(key, body);
  };
}

/** Of this thread: rendering does not yield. */
let kernel: RangeKernel | undefined;

/** In a tenth of the time of `rangeText`, in memory of the kernel until the next one. */
function renderText(snapshot: Snapshot, name: RangeName, range: number): Buffer | undefined {
  kernel ??= new RangeKernel();
  const body = snapshot.rangeBody(name, range, kernel.takeRoom);
  if (!body) return undefined;
  const text = kernel.render(body, HASH_BYTES[name] - SHARED_BYTES, range);
  // The kernel leaves what is empty, too long or malformed, whose error has a name here.
  return text ?? formatRows(name, entriesOf(name, range, body));
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
