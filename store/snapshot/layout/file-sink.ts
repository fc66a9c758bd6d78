// The layout of files: buckets in slots, ranges with a directory, and the digests of all parts.
// PROTOCOL.md §12.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import { longestBody, slotBytes } from '../../../protocol/snapshot/slots.ts';
import { writeFully } from '../../files.ts';
import { eachBody } from './bodies-file.ts';
import { RangeFileWriter } from './range-file.ts';
import { createSlots, finishSlots, type SlotDigests, type SlotsTask } from './slot-writer.ts';
import type { LayoutFacts, SnapshotFile } from './snapshot-facts.ts';
import type { SnapshotSink, WrittenFile, WrittenIndex, WrittenRanges } from './snapshot-sink.ts';

export type WriteSlots = (tasks: readonly SlotsTask[]) => Promise<readonly SlotDigests[]>;

export class FileSink implements SnapshotSink {
  readonly #pathOf: (file: SnapshotFile) => string;
  readonly #mode: number;
  readonly #writeSlots: WriteSlots;
  readonly #written = new Map<SnapshotFile, WrittenFile>();
  readonly #turn: () => Promise<void>;

  /**
   * @param pathOf the temporary place of each file
   * @param writeSlots does these tasks, on several threads maybe
   * @param turn is called from time to time: it may throw
   */
  constructor(pathOf: (file: SnapshotFile) => string, mode: number, writeSlots: WriteSlots, turn: () => Promise<void>) {
    this.#pathOf = pathOf;
    this.#mode = mode;
    this.#writeSlots = writeSlots;
    this.#turn = turn;
  }

  async writeIndex(index: IndexName, { facts, bodies, roots }: WrittenIndex): Promise<void> {
    const target = this.#pathOf(index);
    const longest = longestBody(facts);
    createSlots(target, this.#mode);
    const digests = await this.#writeSlots(bodies.map((some) => ({ target, bodies: some, longest })));
    this.#written.set(index, finishSlots(target, 2 ** facts.prefixBits * slotBytes(facts), roots, digests));
  }

  async writeRanges(name: RangeName, { bodies, gaps }: WrittenRanges): Promise<void> {
    const writer = new RangeFileWriter(this.#pathOf(name), this.#mode);
    try {
      await eachBody(bodies, this.#turn, (range, body) => writer.add(range, body));
      this.#written.set(name, writer.finish(gaps));
    } finally {
      writer.close();
    }
  }

  async finish(filter: WrittenFile | undefined): Promise<LayoutFacts> {
    if (filter) this.#written.set('filter', filter);
    const digests = createHash('sha256');
    const handle = fs.openSync(this.#pathOf('parts'), 'wx', this.#mode);
    try {
      for (const file of this.#written.values()) {
        writeFully(handle, file.digests, file.digests.length);
        digests.update(file.digests);
      }
    } finally {
      fs.closeSync(handle);
    }
    const files = Object.fromEntries([...this.#written].map(([name, { bytes }]) => [name, bytes]));
    return { format: 3, files, parts: digests.digest('hex') };
  }

  close(): void {
    // Each method closes what it opens.
  }
}
