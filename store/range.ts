// A range as Have I Been Pwned's API answers it, byte for byte: `SUFFIX:COUNT`, CRLF between rows, none at the end.

import { formatRangePrefix, parseRangePrefix, type RangeName } from '../protocol/bucket-id.ts';
import { decodeRangeBody } from './range-body.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The rows of a range; no bytes where no hash begins so. Undefined where the dataset does not have the index.
 * @param prefix 5 hex digits in any case
 * @throws ProtocolError `PREFIX_MALFORMED`
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export function rangeBody(snapshot: Snapshot, name: RangeName, prefix: string): Buffer | undefined {
  const range = parseRangePrefix(prefix);
  const body = snapshot.rangeBody(name, range);
  return body && formatRange(name, range, body);
}

/** Every range of an index that has entries, with its name, in order. */
export function* rangeFiles(snapshot: Snapshot, name: RangeName): Generator<{ name: string; content: Buffer }> {
  for (const { range, body } of snapshot.rangeBodies(name))
    yield { name: formatRangePrefix(range), content: formatRange(name, range, body) };
}

function formatRange(name: RangeName, range: number, body: Buffer): Buffer {
  if (body.length === 0) return body;
  const { count, suffixBytes, suffixes, times } = decodeRangeBody(name, range, body);
  const hex = Buffer.from(suffixes.buffer, suffixes.byteOffset, suffixes.length).toString('hex').toUpperCase();
  const digits = 2 * suffixBytes;
  const rows = new Array<string>(count);
  for (let entry = 0; entry < count; entry++)
    // The first digit is the last one of the prefix.
    rows[entry] = `${hex.slice(entry * digits + 1, (entry + 1) * digits)}:${times[entry]}`;
  return Buffer.from(rows.join('\r\n'), 'latin1');
}
