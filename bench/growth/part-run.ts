// The run of one part of an index that is longer than this machine's disk: the records that a 256th
// of all bucket hashes would have. Hashes and tags are uniform, so every part is like any other.

import { randomFillSync } from 'node:crypto';
import { EntryKind } from '../../protocol/private-input.ts';
import type { Dataset } from '../../store/dataset.ts';
import { KIND_AT, RECORD_BYTES, TAG_AT } from '../../store/run/record.ts';
import { openRun, RunWriter, runPath } from '../../store/run/run.ts';
import { createRandom } from '../../test/support/random.ts';

export const PARTS = 256;
/** Bucket hashes of one part. */
const HASHES = 2 ** 24;
const BLOCK_RECORDS = 1 << 16;

/**
 * Writes a run of records of the account index, half of them of usernames, under the facts of
 * another run of the dataset.
 * @param entries of the whole index
 * @param part from 0 to 255: the first byte of its keys
 * @returns the records that the part has
 */
export function writePartRun(dataset: Dataset, like: string, source: string, entries: number, part: number): number {
  const { indexes: _, sections: __, ...facts } = openRun(runPath(dataset, like)).facts;
  const writer = new RunWriter(dataset, source);
  try {
    writer.beginSection('account');
    const records = appendRecords(writer, entries / PARTS, part);
    const credentials = Math.ceil(records / 2);
    writer.commit({ ...facts, source, lines: credentials, credentials, rejects: {} });
    return records;
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** Keys ascend by exponential gaps, which makes them uniform and their number random. */
function appendRecords(writer: RunWriter, wanted: number, part: number): number {
  const random = createRandom(part);
  const gap = HASHES / wanted;
  // Random seeds, the same ones in each block, cost the pads what others do.
  const block = randomFillSync(Buffer.alloc(BLOCK_RECORDS * RECORD_BYTES));
  let records = 0;
  let filled = 0;
  let hash = 0;
  let before = -1;
  for (let place = 0; ; ) {
    place -= gap * Math.log((random.next() + 1) / 2 ** 32);
    if (place >= HASHES) break;
    const next = Math.floor(place);
    if (next !== hash) before = -1;
    hash = next;
    const leading = Math.floor((place - hash) * 2 ** 24);
    // Equal keys would be one record.
    if (leading <= before) continue;
    before = leading;
    const at = filled * RECORD_BYTES;
    block.writeUInt32BE(part * HASHES + hash, at);
    block.writeUIntBE(leading, at + TAG_AT, 3);
    block.writeUIntBE(random.next() >>> 8, at + TAG_AT + 3, 3);
    block[at + KIND_AT] = records & 1 ? EntryKind.username : EntryKind.pair;
    block.writeUInt32BE(1, at + RECORD_BYTES - 4);
    records++;
    if (++filled < BLOCK_RECORDS) continue;
    writer.append(block);
    filled = 0;
  }
  writer.append(block.subarray(0, filled * RECORD_BYTES));
  return records;
}
