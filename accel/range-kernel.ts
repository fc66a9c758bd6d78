// Ranges as text on the WebAssembly kernel: PROTOCOL.md §12, §13. Tests compare it with
// store/snapshot/ranges/range-text.ts.

import { startKernel } from './kernel-instance.ts';

/** Longer bodies are left to the caller: one of Have I Been Pwned takes about 18 KB. */
const MAX_BODY_BYTES = 1 << 16;
/** Text takes at most 2.2 times as many bytes: 33 characters for the 15 of an NTLM hash. */
const TEXT_BYTES = 3 * MAX_BODY_BYTES;
/** The kernel writes whole vectors. */
const SLACK_BYTES = 64;

/** Owns the memory that it reads from and writes to. */
export class RangeKernel {
  readonly #render: (bytes: number, suffixBytes: number, half: number) => number;
  readonly #body: Buffer;
  readonly #text: Buffer;

  constructor() {
    const { exports, heapAt } = startKernel(() => MAX_BODY_BYTES + TEXT_BYTES + 2 * SLACK_BYTES);
    const textAt = heapAt + MAX_BODY_BYTES + SLACK_BYTES;
    this.#body = Buffer.from(exports.memory.buffer, heapAt, MAX_BODY_BYTES);
    this.#text = Buffer.from(exports.memory.buffer, textAt, TEXT_BYTES);
    this.#render = (bytes, suffixBytes, half) => exports.renderRange(heapAt, bytes, suffixBytes, half, textAt);
  }

  /** Where a body is best read into: memory that the next one takes. */
  readonly takeRoom = (bytes: number): Buffer =>
    bytes <= MAX_BODY_BYTES ? this.#body.subarray(0, bytes) : Buffer.allocUnsafe(bytes);

  /**
   * The text of a body. It stays until the next call.
   * @param suffixBytes of each stored hash
   * @returns undefined for a body that is malformed or longer than the kernel's memory
   */
  render(body: Buffer, suffixBytes: number, range: number): Buffer | undefined {
    if (body.length > MAX_BODY_BYTES) return undefined;
    if (body.buffer !== this.#body.buffer) this.#body.set(body);
    const bytes = this.#render(body.length, suffixBytes, range & 0xf);
    return bytes === 0 ? undefined : this.#text.subarray(0, bytes);
  }
}
