// What unpacking one input may cost: against archive bombs.

import { ContainerError } from './errors.ts';

export interface ContainerLimits {
  /** Bytes out for a byte in, beyond the first 64 MiB. */
  readonly maxRatio: number;
  /** Containers inside of one another. */
  readonly maxDepth: number;
  /** Entries in all archives of an input. */
  readonly maxEntries: number;
}

export const DEFAULT_LIMITS: ContainerLimits = { maxRatio: 200, maxDepth: 4, maxEntries: 100_000 };

/** A small file may unpack to this much at any ratio. */
const FREE_BYTES = 64 * 2 ** 20;

/** What has passed a meter, or several together. */
export interface Passed {
  bytes: number;
}

export class Budget {
  readonly limits: ContainerLimits;
  /** Bytes of the outer file that were read: what a ratio is measured against. */
  bytesRead = 0;
  #entries = 0;

  constructor(limits: ContainerLimits) {
    this.limits = limits;
  }

  /** Passes a stream on, as long as it is in proportion. @throws ContainerError `CONTAINER_RATIO` */
  async *meter(blocks: AsyncIterable<Buffer>, passed: Passed = { bytes: 0 }): AsyncGenerator<Buffer> {
    for await (const block of blocks) {
      passed.bytes += block.length;
      this.assertProportion(passed.bytes);
      yield block;
    }
  }

  /** @throws ContainerError `CONTAINER_RATIO` where so many bytes are too many for those read so far */
  assertProportion(bytes: number): void {
    const { maxRatio } = this.limits;
    if (bytes > FREE_BYTES && bytes > maxRatio * this.bytesRead)
      throw new ContainerError(
        'CONTAINER_RATIO',
        `an input unpacks to more than ${maxRatio} times its size`,
        'This is how archive bombs are made. If the corpus is so repetitive, lift the limit with --max-ratio N.',
      );
  }

  /** @throws ContainerError `CONTAINER_DEPTH` */
  enter(depth: number): void {
    if (depth > this.limits.maxDepth)
      throw new ContainerError(
        'CONTAINER_DEPTH',
        `an input has more than ${this.limits.maxDepth} containers inside of one another`,
        'Unpack the outer ones first, or lift the limit with --max-depth N.',
      );
  }

  /** @throws ContainerError `CONTAINER_ENTRIES` */
  addEntry(): void {
    if (++this.#entries > this.limits.maxEntries)
      throw new ContainerError(
        'CONTAINER_ENTRIES',
        `an archive has more than ${this.limits.maxEntries} entries`,
        'Unpack a part of it first, or lift the limit with --max-entries N.',
      );
  }
}
