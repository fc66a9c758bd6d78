// Replacing a source: what stays of it, and what of a mirror need not be read again.

import fs from 'node:fs';
import { archivePath, type Dataset, mirrorPath } from '../store/dataset.ts';
import { StoreError } from '../store/errors.ts';
import { expiryOf, readExpiries } from '../store/retention/expiry.ts';
import { readRange } from '../store/run/range-record.ts';
import type { RangeSet } from '../store/run/range-set.ts';
import { type Run, sourceMissing } from '../store/run/run.ts';
import { RunReader } from '../store/run/run-reader.ts';
import { SECTION_LAYOUTS } from '../store/run/sections.ts';
import type { RangeFolder } from './input/range-files.ts';
import { RangeTable } from './input/range-table.ts';
import type { IngestOptions } from './options.ts';

/**
 * The options of an ingest in place of a source: its date and the day of its expiry stay unless
 * there are others, and a mirror stays one.
 * @throws StoreError `SOURCE_MISSING`, `SOURCE_EXISTS` if its archive would be left behind
 */
export function asReplacement(dataset: Dataset, runs: readonly Run[], options: IngestOptions): IngestOptions {
  const { source, recipient } = options;
  if (!options.replace) return options;
  const replaced = runs.find(({ facts }) => facts.source === source);
  if (!replaced) throw sourceMissing(dataset, source);
  if (!recipient && fs.existsSync(archivePath(dataset, source)))
    throw new StoreError(
      'SOURCE_EXISTS',
      `source ${source} has an archive, which would be that of another corpus`,
      'Replace it too, with --archive, or move it away from the folder archives of the dataset.',
    );
  const date = options.date ?? replaced.facts.date;
  const mirror = options.mirror === true || replaced.facts.mirror !== undefined;
  const expires = options.expires ?? expiryOf(readExpiries(dataset), replaced);
  return { ...options, ...(date !== undefined && { date }), ...(expires !== undefined && { expires }), mirror };
}

/** The folder of a mirror that is ingested as a whole. */
export const mirrorFolder = ({ inputs, mirror, archive }: IngestOptions): RangeFolder | undefined =>
  mirror && !archive && inputs.length === 1 ? inputs[0]?.ranges : undefined;

/** An earlier run of a mirror, and the files that it was made of. */
export interface MirrorBase {
  readonly run: Run;
  readonly table: RangeTable;
}

/**
 * Undefined if all files have to be read.
 * @param label of the format that they are recognised as
 */
export function openBase(
  dataset: Dataset,
  runs: readonly Run[],
  options: IngestOptions,
  label: string | undefined,
): MirrorBase | undefined {
  const { source, replace, recipient } = options;
  // An archive needs all rows.
  if (!replace || recipient || !mirrorFolder(options)) return undefined;
  const run = runs.find(({ facts }) => facts.source === source);
  if (!run?.facts.mirror || run.facts.format !== label) return undefined;
  const table = RangeTable.read(mirrorPath(dataset, source), run.sha256);
  return table && { run, table };
}

/**
 * Merges new range records with those of unchanged ranges of an earlier run. No range has records
 * of both.
 * @throws StoreError `RUN_CORRUPT`
 */
export async function* withUnchanged(
  fresh: AsyncIterable<Uint8Array>,
  { run }: MirrorBase,
  unchanged: RangeSet,
): AsyncGenerator<Uint8Array> {
  const index = run.facts.mirror?.index ?? 'sha1';
  const { recordBytes } = SECTION_LAYOUTS[index];
  const reader = new RunReader(run);
  try {
    reader.beginSection(index);
    const old = new Spans(() => reader.readBlock(), recordBytes, unchanged);
    for await (const block of fresh) {
      for (let at = 0; at < block.length; ) {
        const range = readRange(block, at);
        yield* old.before(range);
        // Up to the next range of the earlier run.
        const until = old.nextRange;
        const from = at;
        while (at < block.length && readRange(block, at) < until) at += recordBytes;
        yield block.subarray(from, at);
      }
    }
    yield* old.before(Number.POSITIVE_INFINITY);
    reader.finish();
  } finally {
    reader.close();
  }
}

/** The records of some ranges of a run, in spans that its read buffer holds. */
class Spans {
  readonly #read: () => Uint8Array;
  readonly #recordBytes: number;
  readonly #kept: RangeSet;
  #block: Uint8Array;
  #at = 0;

  constructor(read: () => Uint8Array, recordBytes: number, kept: RangeSet) {
    this.#read = read;
    this.#recordBytes = recordBytes;
    this.#kept = kept;
    this.#block = read();
    this.#skip();
  }

  /** Infinity at the end. */
  get nextRange(): number {
    return this.#at < this.#block.length ? readRange(this.#block, this.#at) : Number.POSITIVE_INFINITY;
  }

  *before(range: number): Generator<Uint8Array> {
    while (this.nextRange < range) {
      const from = this.#at;
      const block = this.#block;
      for (let next = this.nextRange; next < range && this.#kept.has(next); next = this.nextRange) {
        this.#at += this.#recordBytes;
        if (this.#at >= block.length) break;
      }
      yield block.subarray(from, this.#at);
      this.#skip();
    }
  }

  /** Moves to the next record that is kept. */
  #skip(): void {
    for (;;) {
      if (this.#at >= this.#block.length) {
        this.#block = this.#read();
        this.#at = 0;
        if (this.#block.length === 0) return;
      }
      if (this.#kept.has(readRange(this.#block, this.#at))) return;
      this.#at += this.#recordBytes;
    }
  }
}
