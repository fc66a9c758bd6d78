// K-way merge of sorted record streams. Records with one key become one record with their times added up.

import { readU32, readU48, writeU32, writeU48 } from '../../protocol/bytes.ts';
import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { StoreError } from '../errors.ts';
import { KIND_AT, PAD_AT, RECORD_BYTES, readTimes, writeTimes } from './record.ts';

/** Records that ascend by key. An empty block ends them. */
export interface RecordStream {
  /** The next records in a buffer that the next call may reuse. */
  readBlock(): Uint8Array;
  /** What a merged record remembers of where it came from: the highest number among its records wins. */
  readonly number: number;
  /** True where each record has a number of its own, as a u16 after it. */
  readonly numbered?: boolean;
}

export const NUMBERED_RECORD_BYTES = RECORD_BYTES + 2;

function unordered(): StoreError {
  return new StoreError(
    'RUN_CORRUPT',
    'a run: its records do not ascend',
    'Find it with `credveil verify`, delete it and ingest its source again.',
  );
}

class Cursor {
  readonly stream: RecordStream;
  block: Uint8Array = new Uint8Array(0);
  at = 0;
  hash = -1;
  tag = -1;
  readonly #recordBytes: number;

  constructor(stream: RecordStream) {
    this.stream = stream;
    this.#recordBytes = stream.numbered ? NUMBERED_RECORD_BYTES : RECORD_BYTES;
  }

  get number(): number {
    const { stream, block, at } = this;
    if (!stream.numbered) return stream.number;
    return ((block[at + RECORD_BYTES] as number) << 8) | (block[at + RECORD_BYTES + 1] as number);
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    this.at += this.#recordBytes;
    if (this.at >= this.block.length) {
      this.block = this.stream.readBlock();
      this.at = 0;
      if (this.block.length === 0) return false;
    }
    const hash = readU32(this.block, this.at);
    const tag = readU48(this.block, this.at + 4);
    // An entry out of order would land in the wrong bucket, and look clean.
    if (hash < this.hash || (hash === this.hash && tag <= this.tag)) throw unordered();
    this.hash = hash;
    this.tag = tag;
    return true;
  }
}

const before = (a: Cursor, b: Cursor): boolean => a.hash < b.hash || (a.hash === b.hash && a.tag < b.tag);

/** One merged record at a time, in fields rather than objects: this is the hot loop of publishing. */
export class Merge {
  hash = 0;
  tag = 0;
  kind = 0;
  times = 0;
  /** The number of the stream, see RecordStream. */
  source = 0;
  readonly pad = new Uint8Array(3);
  /** A binary heap with the least cursor first. */
  readonly #heap: Cursor[] = [];

  constructor(streams: Iterable<RecordStream>) {
    for (const stream of streams) {
      const cursor = new Cursor(stream);
      if (cursor.next()) this.#push(cursor);
    }
  }

  /** Fills the fields with the next record; false at the end. */
  next(): boolean {
    const first = this.#heap[0];
    if (!first) return false;
    this.hash = first.hash;
    this.tag = first.tag;
    this.kind = first.block[first.at + KIND_AT] as number;
    this.pad[0] = first.block[first.at + PAD_AT] as number;
    this.pad[1] = first.block[first.at + PAD_AT + 1] as number;
    this.pad[2] = first.block[first.at + PAD_AT + 2] as number;
    this.times = 0;
    this.source = 0;
    for (
      let top: Cursor | undefined = first;
      top && top.hash === this.hash && top.tag === this.tag;
      top = this.#heap[0]
    ) {
      this.times = Math.min(MAX_TIMES_SEEN, this.times + readTimes(top.block, top.at));
      this.source = Math.max(this.source, top.number);
      this.#advance(top);
    }
    return true;
  }

  /** Writes the record in the fields to `out[start]`. */
  writeRecord(out: Uint8Array, start = 0): void {
    writeU32(out, start, this.hash);
    writeU48(out, start + 4, this.tag);
    out[start + KIND_AT] = this.kind;
    for (let byte = 0; byte < 3; byte++) out[start + PAD_AT + byte] = this.pad[byte] as number;
    writeTimes(out, start, this.times);
  }

  #push(cursor: Cursor): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(cursor);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!before(cursor, heap[parent] as Cursor)) break;
      heap[at] = heap[parent] as Cursor;
      at = parent;
    }
    heap[at] = cursor;
  }

  /** Moves the least cursor on and lets it sink to its place. */
  #advance(top: Cursor): void {
    const heap = this.#heap;
    let sinking = top;
    if (!top.next()) {
      const last = heap.pop() as Cursor;
      if (heap.length === 0) return;
      sinking = last;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Cursor, heap[child] as Cursor)) child++;
      if (!before(heap[child] as Cursor, sinking)) break;
      heap[at] = heap[child] as Cursor;
      at = child;
    }
    heap[at] = sinking;
  }
}
