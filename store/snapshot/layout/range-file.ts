// The ranges of an unsalted index one after another, with a directory behind them. PROTOCOL.md §12.
//
//   struct RangeFile {
//     u8  bodies[];                       // RangeBody of every range with entries, in order
//     u64 ends[2^20];                     // where the body of a range ends: that of the one before
//                                         // if it has no entries
//     u8  gaps[];                         // RangeSet as text
//     u32 gapsBytes;
//   }

import { RANGES } from '../../../protocol/bucket-id.ts';
import { parseRangeSet, type RangeSet } from '../../run/range-set.ts';
import { BufferedWriter } from './buffered-writer.ts';
import { type PartedFile, PartHasher } from './parted-file.ts';
import { corruptSnapshot } from './snapshot-files.ts';
import type { TakeRoom } from './snapshot-source.ts';

const END_BYTES = 8;
const LENGTH_BYTES = 4;
const NOTHING = Buffer.alloc(0);

export class RangeFile {
  readonly #file: PartedFile;
  readonly #gapsBytes: number;
  readonly #directoryAt: number;
  readonly #ends = Buffer.alloc(2 * END_BYTES);

  constructor(file: PartedFile) {
    this.#file = file;
    const length = Buffer.alloc(LENGTH_BYTES);
    if (file.bytes < RANGES * END_BYTES + LENGTH_BYTES) throw corruptSnapshot('a file of ranges is too short');
    file.read(length, LENGTH_BYTES, file.bytes - LENGTH_BYTES);
    this.#gapsBytes = length.readUInt32BE();
    this.#directoryAt = file.bytes - LENGTH_BYTES - this.#gapsBytes - RANGES * END_BYTES;
    if (this.#directoryAt < 0) throw corruptSnapshot('a file of ranges is malformed');
  }

  /** The body of a range; empty if it has no entries. */
  body(range: number, takeRoom?: TakeRoom): Buffer {
    const [from, to] = this.#bounds(range);
    return from === to ? NOTHING : this.#body(from, to, takeRoom);
  }

  /** All ranges with entries, in order. */
  *bodies(): Generator<{ readonly range: number; readonly body: Buffer }> {
    const directory = Buffer.alloc(RANGES * END_BYTES);
    this.#file.read(directory, directory.length, this.#directoryAt);
    let from = 0;
    for (let range = 0; range < RANGES; range++) {
      const to = Number(directory.readBigUInt64BE(range * END_BYTES));
      if (to > from) yield { range, body: this.#body(from, to) };
      else if (to < from) throw corruptSnapshot('a file of ranges is malformed');
      from = to;
    }
  }

  gaps(): RangeSet | undefined {
    const text = Buffer.alloc(this.#gapsBytes);
    if (text.length > 0) this.#file.read(text, text.length, this.#file.bytes - LENGTH_BYTES - text.length);
    return parseRangeSet(text.toString('latin1'));
  }

  #body(from: number, to: number, takeRoom: TakeRoom = Buffer.allocUnsafe): Buffer {
    if (from > to || to > this.#directoryAt) throw corruptSnapshot('a file of ranges is malformed');
    const body = takeRoom(to - from);
    this.#file.read(body, body.length, from);
    return body;
  }

  #bounds(range: number): [from: number, to: number] {
    const ends = this.#ends;
    if (range === 0) {
      ends.fill(0, 0, END_BYTES);
      this.#file.read(ends.subarray(END_BYTES), END_BYTES, this.#directoryAt);
    } else {
      this.#file.read(ends, 2 * END_BYTES, this.#directoryAt + (range - 1) * END_BYTES);
    }
    return [Number(ends.readBigUInt64BE()), Number(ends.readBigUInt64BE(END_BYTES))];
  }
}

export class RangeFileWriter {
  readonly #hasher = new PartHasher();
  readonly #out: BufferedWriter;
  readonly #ends = Buffer.alloc(RANGES * END_BYTES);
  #next = 0;
  #end = 0;

  constructor(file: string, mode: number) {
    this.#out = new BufferedWriter(file, mode, (bytes) => this.#hasher.add(bytes));
  }

  /** @param range above that of the previous call */
  add(range: number, body: Uint8Array): void {
    this.#endUntil(range);
    this.#out.write(body);
    this.#end += body.length;
  }

  /** @returns the digests of the file's parts, and its length */
  finish(gaps: string): { readonly bytes: number; readonly digests: Buffer } {
    this.#endUntil(RANGES);
    this.#out.write(this.#ends);
    this.#out.write(Buffer.from(gaps, 'latin1'));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(gaps.length);
    this.#out.write(length);
    this.#out.finish();
    const bytes = this.#end + this.#ends.length + gaps.length + LENGTH_BYTES;
    return { bytes, digests: this.#hasher.finish() };
  }

  close(): void {
    this.#out.close();
  }

  #endUntil(range: number): void {
    for (; this.#next < range; this.#next++) this.#ends.writeBigUInt64BE(BigInt(this.#end), this.#next * END_BYTES);
  }
}
