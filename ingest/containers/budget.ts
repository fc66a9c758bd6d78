// Limits on unpacking one corpus, against archive bombs.

import { ContainerError } from './errors.ts';

export interface ContainerLimits {
  /** Unpacked bytes per packed byte, beyond the first 64 MiB. */
  readonly maxRatio: number;
  /** Levels of nested containers. */
  readonly maxDepth: number;
  /** Entries of all archives in a corpus, beside range files. */
  readonly maxEntries: number;
}

export const DEFAULT_LIMITS: ContainerLimits = { maxRatio: 200, maxDepth: 4, maxEntries: 100_000 };

/** Depth stays bounded: each level holds a decoder in memory. */
export const TRUSTED_LIMITS: ContainerLimits = {
  maxRatio: Number.POSITIVE_INFINITY,
  maxDepth: 16,
  maxEntries: Number.POSITIVE_INFINITY,
};

/** A corpus of any ratio may unpack to this much. */
const FREE_BYTES = 64 * 2 ** 20;
/** Range files of SHA-1 and of NTLM. */
const MAX_RANGE_ENTRIES = 2 * 2 ** 20;
/** The level of text, whose encoding may change its length. */
const TEXT = 0;

/**
 * Counts over all inputs of a corpus: many members or files that are small by themselves are as
 * much work as a large one.
 */
export class Budget {
  readonly limits: ContainerLimits;
  /** Bytes read from files: the denominator of the ratio. */
  #stored = 0;
  /** Bytes unpacked, by the depth of their container. */
  readonly #unpacked: number[] = [];
  #entries = 0;
  #rangeEntries = 0;

  constructor(limits: ContainerLimits) {
    this.limits = limits;
  }

  addStored(bytes: number): void {
    this.#stored += bytes;
  }

  /**
   * Counts bytes that a container of this depth unpacked to.
   * @throws ContainerError `CONTAINER_RATIO`
   */
  addUnpacked(bytes: number, depth: number): void {
    const unpacked = (this.#unpacked[depth] ?? 0) + bytes;
    this.#unpacked[depth] = unpacked;
    const { maxRatio } = this.limits;
    if (unpacked > FREE_BYTES && unpacked > maxRatio * this.#stored)
      throw new ContainerError(
        'CONTAINER_RATIO',
        `the input unpacks to more than ${maxRatio} times its size`,
        'It may be an archive bomb. If you trust its origin, pass --trust-archives.',
      );
  }

  /** Passes text on while its ratio stays within the limit. @throws ContainerError */
  async *meter(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const block of text) {
      this.addUnpacked(block.length, TEXT);
      yield block;
    }
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

  /**
   * @param isRange whether it is named as a range file, of which a mirror has a million
   * @throws ContainerError `CONTAINER_ENTRIES`
   */
  addEntry(isRange = false): void {
    if (isRange && ++this.#rangeEntries <= MAX_RANGE_ENTRIES) return;
    if (++this.#entries > this.limits.maxEntries)
      throw new ContainerError(
        'CONTAINER_ENTRIES',
        `the archives of the input have more than ${this.limits.maxEntries} entries`,
        'They may be bombs. If you trust their origin, pass --trust-archives.',
      );
  }
}
