// Reads a snapshot from files of slots and of ranges. PROTOCOL.md §12.

import { createHash } from 'node:crypto';
import type { BucketId } from '../../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES, type RangeName } from '../../../protocol/bucket-id.ts';
import type { Dataset } from '../../dataset.ts';
import { readRegularBytes } from '../../files.ts';
import type { RangeSet } from '../../run/range-set.ts';
import { countParts, DIGEST_BYTES, PartedFile } from './parted-file.ts';
import { RangeFile } from './range-file.ts';
import { SlotFile } from './slot-file.ts';
import type { IndexFacts, LayerFacts, SnapshotFile } from './snapshot-facts.ts';
import { corruptSnapshot, snapshotFile } from './snapshot-files.ts';
import type { SnapshotSource, TakeRoom } from './snapshot-source.ts';

export class FileSource implements SnapshotSource {
  readonly #files = new Map<SnapshotFile, PartedFile>();
  readonly #indexes: { readonly [name in IndexName]?: SlotFile };
  readonly #ranges: { readonly [name in RangeName]?: RangeFile };

  /** @throws StoreError `SNAPSHOT_CORRUPT` */
  constructor(dataset: Dataset, facts: LayerFacts) {
    try {
      this.#openFiles(dataset, facts);
      const indexes: { [name in IndexName]?: SlotFile } = {};
      const ranges: { [name in RangeName]?: RangeFile } = {};
      for (const name of INDEX_NAMES) {
        const file = this.#files.get(name);
        if (file) indexes[name] = new SlotFile(file, facts.indexes[name] as IndexFacts);
      }
      for (const name of RANGE_NAMES) {
        const file = this.#files.get(name);
        if (file) ranges[name] = new RangeFile(file);
      }
      this.#indexes = indexes;
      this.#ranges = ranges;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The filter's file, which the caller closes. */
  takeFilter(): PartedFile | undefined {
    const filter = this.#files.get('filter');
    this.#files.delete('filter');
    return filter;
  }

  read(index: IndexName, id: BucketId, target: Buffer): number {
    return (this.#indexes[index] as SlotFile).read(id, target);
  }

  roots(index: IndexName): Uint8Array {
    return (this.#indexes[index] as SlotFile).roots();
  }

  rangeBody(name: RangeName, range: number, takeRoom?: TakeRoom): Buffer {
    return (this.#ranges[name] as RangeFile).body(range, takeRoom);
  }

  rangeBodies(name: RangeName): Iterable<{ readonly range: number; readonly body: Buffer }> {
    return (this.#ranges[name] as RangeFile).bodies();
  }

  gaps(name: RangeName): RangeSet | undefined {
    return (this.#ranges[name] as RangeFile).gaps();
  }

  verify(): void {
    for (const file of this.#files.values()) file.verify();
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  #openFiles(dataset: Dataset, { name, files = {}, parts }: LayerFacts): void {
    const named = Object.entries(files) as [SnapshotFile, number][];
    const bytes = named.reduce((sum, [, length]) => sum + countParts(length), 0) * DIGEST_BYTES;
    const what = `${name}: the digests of its parts`;
    let digests: Buffer;
    try {
      digests = readRegularBytes(snapshotFile(dataset, name, 'parts'), bytes, (why) =>
        corruptSnapshot(`${what}: ${why}`),
      );
    } catch (cause) {
      throw corruptSnapshot(`${what}: cannot be read`, cause);
    }
    if (digests.length !== bytes || createHash('sha256').update(digests).digest('hex') !== parts)
      throw corruptSnapshot(`${what}: checksum mismatch`);
    let at = 0;
    for (const [file, length] of named) {
      const end = at + countParts(length) * DIGEST_BYTES;
      const opened = new PartedFile(
        snapshotFile(dataset, name, file),
        `${name}: ${file}`,
        length,
        digests.subarray(at, end),
      );
      this.#files.set(file, opened);
      at = end;
    }
  }
}
