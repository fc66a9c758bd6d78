// Limits on unpacking one input, against archive bombs.

import { ContainerError } from './errors.ts';

export interface ContainerLimits {
  /** Unpacked bytes per packed byte, beyond the first 64 MiB. */
  readonly maxRatio: number;
  /** Levels of nested containers. */
  readonly maxDepth: number;
  /** Entries of all archives in an input. */
  readonly maxEntries: number;
}

export const DEFAULT_LIMITS: ContainerLimits = { maxRatio: 200, maxDepth: 4, maxEntries: 100_000 };

/** Depth stays bounded: each level holds a decoder in memory. */
export const TRUSTED_LIMITS: ContainerLimits = {
  maxRatio: Number.POSITIVE_INFINITY,
  maxDepth: 16,
  maxEntries: Number.POSITIVE_INFINITY,
};

/** A file of any ratio may unpack to this much. */
const FREE_BYTES = 64 * 2 ** 20;

/** Bytes that have passed one meter, or several that share it. */
export interface Passed {
  bytes: number;
}

export class Budget {
  readonly limits: ContainerLimits;
  /** Bytes read from the outer file: the denominator of the ratio. */
  bytesRead = 0;
  #entries = 0;

  constructor(limits: ContainerLimits) {
    this.limits = limits;
  }

  /**
   * Passes a stream on while its ratio stays within the limit.
   * @throws ContainerError `CONTAINER_RATIO`
   */
  async *meter(blocks: AsyncIterable<Buffer>, passed: Passed = { bytes: 0 }): AsyncGenerator<Buffer> {
    for await (const block of blocks) {
      passed.bytes += block.length;
      this.assertProportion(passed.bytes);
      yield block;
    }
  }

  /** @throws ContainerError `CONTAINER_RATIO` if `bytes` is too much for the bytes read so far */
  assertProportion(bytes: number): void {
    const { maxRatio } = this.limits;
    if (bytes > FREE_BYTES && bytes > maxRatio * this.bytesRead)
      throw new ContainerError(
        'CONTAINER_RATIO',
        `an input unpacks to more than ${maxRatio} times its size`,
        'It may be an archive bomb. If you trust its origin, pass --trust-archives.',
      );
  }

  /** @throws ContainerError `CONTAINER_DEPTH` */
  enter(depth: number): void {
    if (depth > this.limits.maxDepth)
      throw new ContainerError(
        'CONTAINER_DEPTH',
        `an input nests more than ${this.limits.maxDepth} containers`,
        `Unpack the outer ones first, or pass --trust-archives, which allows ${TRUSTED_LIMITS.maxDepth}.`,
      );
  }

  /** @throws ContainerError `CONTAINER_ENTRIES` */
  addEntry(): void {
    if (++this.#entries > this.limits.maxEntries)
      throw new ContainerError(
        'CONTAINER_ENTRIES',
        `an archive has more than ${this.limits.maxEntries} entries`,
        'It may be an archive bomb. If you trust its origin, pass --trust-archives.',
      );
  }
}
