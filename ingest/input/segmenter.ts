// Cuts a byte stream into segments of whole lines, each of which a worker takes by itself.

import { MAX_LINE_BYTES } from './lines.ts';

const LF = 0x0a;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** The longest line and its end fit. */
export const MIN_SEGMENT_BYTES = MAX_LINE_BYTES + 1;

export interface SegmentSink {
  /** An empty buffer of the length of a segment. */
  buffer(): Uint8Array<ArrayBuffer>;
  /** Whole lines, each ended by LF. The buffer belongs to the sink from now on. */
  segment(lines: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** A line that was dropped while it was read, since it is longer than any credential. */
  tooLong(): void;
}

/** One stream at a time: `end` makes ready for the next. */
export class Segmenter {
  readonly #sink: SegmentSink;
  readonly #segmentBytes: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #filled = 0;
  #skipping = false;
  #atStart = true;

  constructor(sink: SegmentSink) {
    this.#sink = sink;
    this.#buffer = sink.buffer();
    this.#segmentBytes = this.#buffer.length;
  }

  async push(block: Buffer): Promise<void> {
    let at = this.#atStart && block.subarray(0, 3).equals(BOM) ? 3 : 0;
    this.#atStart = false;
    while (at < block.length) {
      if (this.#skipping) {
        const end = block.indexOf(LF, at);
        if (end === -1) return;
        this.#skipping = false;
        at = end + 1;
        continue;
      }
      const taken = Math.min(block.length - at, this.#segmentBytes - this.#filled);
      this.#buffer.set(block.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#segmentBytes) await this.#emit();
    }
  }

  /** Ends the stream: a last line without LF counts. */
  async end(): Promise<void> {
    if (this.#filled > 0 && this.#buffer[this.#filled - 1] !== LF) {
      if (this.#filled === this.#segmentBytes) await this.#emit();
      this.#buffer[this.#filled++] = LF;
    }
    await this.#emit();
    this.#skipping = false;
    this.#atStart = true;
  }

  /** Hands out the whole lines and keeps what is left of the last. */
  async #emit(): Promise<void> {
    if (this.#filled === 0) return;
    const whole = this.#buffer;
    const lines = whole.lastIndexOf(LF, this.#filled - 1) + 1;
    const rest = whole.slice(lines, this.#filled);
    if (lines > 0) {
      await this.#sink.segment(whole.subarray(0, lines));
      this.#buffer = this.#sink.buffer();
    }
    if (rest.length > MAX_LINE_BYTES) {
      this.#skipping = true;
      this.#sink.tooLong();
      this.#filled = 0;
      return;
    }
    this.#buffer.set(rest);
    this.#filled = rest.length;
  }
}
