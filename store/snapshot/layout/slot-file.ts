// Reads the buckets of an index from their slots: protocol/snapshot/slots.ts.

import type { BucketId } from '../../../protocol/brands.ts';
import { NODE_BYTES } from '../../../protocol/signed/merkle.ts';
import { countRoots, LENGTH_BYTES, type SlotFacts, slotBytes } from '../../../protocol/snapshot/slots.ts';
import type { PartedFile } from './parted-file.ts';
import { corruptSnapshot } from './snapshot-files.ts';

export class SlotFile {
  readonly #file: PartedFile;
  readonly #facts: SlotFacts;
  readonly #slotBytes: number;

  constructor(file: PartedFile, facts: SlotFacts) {
    this.#file = file;
    this.#facts = facts;
    this.#slotBytes = slotBytes(facts);
  }

  /**
   * Reads a body with its zeros. @param target of `slotBytes` or more
   * @returns the length of the body without zeros
   */
  read(id: BucketId, target: Buffer): number {
    this.#file.read(target, this.#slotBytes, id * this.#slotBytes);
    const longest = this.#slotBytes - LENGTH_BYTES;
    const length = target.readUInt32BE(longest);
    if (length > longest) throw corruptSnapshot('a bucket is longer than its slot');
    return length;
  }

  roots(): Buffer {
    const roots = Buffer.alloc(countRoots(this.#facts) * NODE_BYTES);
    if (roots.length > 0) this.#file.read(roots, roots.length, 2 ** this.#facts.prefixBits * this.#slotBytes);
    return roots;
  }
}
