// All buckets of an index as a file of slots, whatever the layout of the layer, open for
// sending. A stream can read it to its end even if the snapshot is closed or pruned. PROTOCOL.md
// §12, §13.

import { Readable } from 'node:stream';
import type { BucketId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { slotBytes, slotFileBytes } from '../../protocol/snapshot/slots.ts';
import type { LayerReader } from './layer-reader.ts';
import type { IndexFacts } from './layout/snapshot-facts.ts';

const CHUNK_BYTES = 2 ** 16;

export class SlotStream {
  readonly bytes: number;
  readonly #layer: LayerReader;
  readonly #index: IndexName;
  readonly #facts: IndexFacts;

  /** @param facts of the index in the layer */
  constructor(layer: LayerReader, index: IndexName, facts: IndexFacts) {
    this.#layer = layer;
    this.#index = index;
    this.#facts = facts;
    this.bytes = slotFileBytes(facts);
  }

  /** Streams the bytes from `start` to `end`, exclusive. */
  read(start: number, end: number): Readable {
    const release = this.#layer.hold();
    const stream = Readable.from(this.#chunks(start, end), { objectMode: false, highWaterMark: CHUNK_BYTES });
    return stream.once('close', release);
  }

  /** Whole slots together, as long as they fit into a chunk. */
  *#chunks(start: number, end: number): Generator<Buffer> {
    let held: Buffer[] = [];
    let heldBytes = 0;
    for (const piece of this.#pieces(start, end)) {
      held.push(piece);
      heldBytes += piece.length;
      if (heldBytes < CHUNK_BYTES) continue;
      yield Buffer.concat(held);
      held = [];
      heldBytes = 0;
    }
    if (heldBytes > 0) yield Buffer.concat(held);
  }

  *#pieces(start: number, end: number): Generator<Buffer> {
    const width = slotBytes(this.#facts);
    const rootsAt = 2 ** this.#facts.prefixBits * width;
    for (let at = start; at < Math.min(end, rootsAt); ) {
      const id = Math.floor(at / width);
      const slot = this.#layer.slot(this.#index, id as BucketId);
      yield slot.subarray(at - id * width, Math.min(width, end - id * width));
      at = (id + 1) * width;
    }
    if (end > rootsAt) yield this.#layer.roots(this.#index).subarray(Math.max(0, start - rootsAt), end - rootsAt);
  }
}
