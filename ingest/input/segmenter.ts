// Cuts a byte stream into segments of whole lines, which workers process independently.

import { MAX_LINE_BYTES } from './lines.ts';

const LF = 0x0a;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Fits the longest line and its LF. */
export const MIN_SEGMENT_BYTES = MAX_LINE_BYTES + 1;

export interface SegmentSink {
  /** Returns an empty buffer of the size of a segment. */
  buffer(): Uint8Array<ArrayBuffer>;
  /** Takes whole lines, each ended by LF, and the ownership of the buffer. */
  segment(lines: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Reports a dropped line that is longer than any credential. */
  tooLong(): void;
}

/** Processes one stream at a time: after `end`, the next may start. */
export class Segmenter {
  readonly #sink: SegmentSink;
  readonly #segmentBytes: number;
  /** Taken with the first bytes of a stream, and given back with its last segment. */
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #skipping = false;
  #atStart = true;

  /** @param segmentBytes the size of its buffers */
  constructor(sink: SegmentSink, segmentBytes: number) {
    this.#sink = sink;
    this.#segmentBytes = segmentBytes;
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
      this.#buffer ??= this.#sink.buffer();
      this.#buffer.set(block.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#segmentBytes) await this.#emit();
    }
  }

  /** Ends the stream. A final line without LF counts. */
  async end(): Promise<void> {
    if (this.#filled > 0 && this.#buffer?.[this.#filled - 1] !== LF) {
      if (this.#filled === this.#segmentBytes) await this.#emit();
      this.#buffer ??= this.#sink.buffer();
      this.#buffer[this.#filled++] = LF;
    }
    await this.#emit();
    this.#skipping = false;
    this.#atStart = true;
  }

  /** Emits the whole lines and keeps the rest of the last one. */
  async #emit(): Promise<void> {
    const whole = this.#buffer;
    if (!whole || this.#filled === 0) return;
    const lines = whole.lastIndexOf(LF, this.#filled - 1) + 1;
    const rest = whole.slice(lines, this.#filled);
    if (lines > 0) {
      await this.#sink.segment(whole.subarray(0, lines));
      this.#buffer = undefined;
    }
    if (rest.length > MAX_LINE_BYTES) {
      this.#skipping = true;
      this.#sink.tooLong();
      this.#filled = 0;
      return;
    }
    this.#filled = rest.length;
    if (rest.length === 0) return;
    this.#buffer ??= this.#sink.buffer();
    this.#buffer.set(rest);
  }
}
