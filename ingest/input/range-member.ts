// A range file as a file or an archive's entry of its own: its rows become rows of whole hashes.

import { type Blocks, lookAhead, type NamedBlocks } from '../containers/blocks.ts';
import { rangeOfName } from '../containers/range-name.ts';
import type { RangeReport } from './range-report.ts';
import { kindOfRange, ROW_HEAD_BYTES, readRangeRows } from './range-rows.ts';

/** HIBP's ranges have about 2,000 rows; this allows a hundred times as many. */
export const MAX_RANGE_BYTES = 16 << 20;
export const TOO_LARGE = 'too large for a range';

/**
 * The text of a member, in which the rows of a range file have their prefixes.
 * @throws IngestError `RANGE_TWICE`, `RANGE_MIXED`
 */
export async function* textOfMember({ name, blocks }: NamedBlocks, report: RangeReport): AsyncGenerator<Buffer> {
  const range = rangeOfName(name);
  if (range === undefined) {
    yield* blocks;
    return;
  }
  const { head, blocks: whole } = await lookAhead(blocks, ROW_HEAD_BYTES);
  if (kindOfRange(head, range) === undefined && report.named.size === 0) {
    if (head.length === 0) report.empty.add(name);
    yield* whole;
    return;
  }
  report.begin(range, name);
  const bytes = await readWhole(whole, MAX_RANGE_BYTES);
  if (bytes) yield report.take(name, readRangeRows(bytes, range));
  else report.addBad(name, TOO_LARGE);
}

/** Reads to the end. @returns undefined if there are more than `most` bytes */
export async function readWhole(blocks: Blocks, most: number): Promise<Buffer | undefined> {
  const held: Buffer[] = [];
  let bytes = 0;
  for await (const block of blocks) {
    bytes += block.length;
    if (bytes <= most) held.push(block);
  }
  return bytes <= most ? Buffer.concat(held) : undefined;
}
