// The layout of files: buckets in slots, ranges with a directory, and the digests of all parts.
// PROTOCOL.md §12.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import { writeFully } from '../../files.ts';
import { RangeFileWriter } from './range-file.ts';
import { longestBody } from './slot-sizes.ts';
import { SlotWriter } from './slot-writer.ts';
import type { LayoutFacts, SnapshotFile } from './snapshot-facts.ts';
import type { BucketSink, RangeSink, SnapshotSink, WrittenFile } from './snapshot-sink.ts';

export class FileSink implements SnapshotSink {
  readonly #pathOf: (file: SnapshotFile) => string;
  readonly #mode: number;
  readonly #written = new Map<SnapshotFile, WrittenFile>();
  #open: { close(): void } | undefined;

  /** @param pathOf the temporary place of each file */
  constructor(pathOf: (file: SnapshotFile) => string, mode: number) {
    this.#pathOf = pathOf;
    this.#mode = mode;
  }

  beginIndex(index: IndexName): BucketSink {
    const writer = new SlotWriter(this.#pathOf(index), this.#mode);
    this.#open = writer;
    return {
      add: (_id, body) => writer.add(body),
      finish: (facts, roots) => {
        this.#written.set(index, writer.finish(longestBody(facts), roots));
      },
    };
  }

  beginRanges(name: RangeName): RangeSink {
    const writer = new RangeFileWriter(this.#pathOf(name), this.#mode);
    this.#open = writer;
    return {
      add: (range, body) => writer.add(range, body),
      finish: (gaps) => {
        this.#written.set(name, writer.finish(gaps));
      },
    };
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
    this.#open?.close();
  }
}
