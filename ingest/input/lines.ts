// Splits a byte stream into lines. A line that is too long is reported, not buffered.

/** Two fields of maximum length, a separator and a count. */
export const MAX_LINE_BYTES = 2 * 0xffff + 16;

const LF = 0x0a;
const CR = 0x0d;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export interface LineSink {
  /** The bytes of a line, valid until the call returns. */
  line(bytes: Buffer): void;
  tooLong(): void;
}

/** Cuts at LF, drops every CR before it and a byte order mark at the start of a line. */
export class LineSplitter {
  readonly #sink: LineSink;
  readonly #maxBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #skipping = false;

  constructor(sink: LineSink, maxBytes = MAX_LINE_BYTES) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  push(block: Buffer): void {
    let at = 0;
    for (let end = block.indexOf(LF); end !== -1; end = block.indexOf(LF, at)) {
      const part = block.subarray(at, end);
      // Nearly every line lies within a block.
      if (this.#restBytes === 0 && !this.#skipping && part.length <= this.#maxBytes) this.#emitLine(part);
      else {
        this.#hold(part);
        this.#emit();
      }
      at = end + 1;
    }
    // Copied, because the caller may reuse the block.
    if (at < block.length) this.#hold(Buffer.from(block.subarray(at)));
  }

  /** A final line without LF counts unless it is empty. */
  end(): void {
    if (this.#restBytes > 0 || this.#skipping) this.#emit();
  }

  #hold(bytes: Buffer): void {
    if (this.#skipping) return;
    if (this.#restBytes + bytes.length > this.#maxBytes) {
      this.#skipping = true;
      this.#rest = [];
      this.#restBytes = 0;
      return;
    }
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
  }

  #emit(): void {
    if (this.#skipping) this.#sink.tooLong();
    else this.#emitLine(this.#rest.length === 1 ? (this.#rest[0] as Buffer) : Buffer.concat(this.#rest));
    this.#skipping = false;
    this.#rest = [];
    this.#restBytes = 0;
  }

  #emitLine(bytes: Buffer): void {
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === CR) end--;
    const start = bytes[0] === BOM[0] && bytes[1] === BOM[1] && bytes[2] === BOM[2] && end > 2 ? 3 : 0;
    this.#sink.line(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
  }
}
