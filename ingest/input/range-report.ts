// What an ingest saw of Have I Been Pwned's range files: which ranges, and what was wrong with
// some.

import { formatRangePrefix, type RangeName } from '../../protocol/bucket-id.ts';
import { RangeSet } from '../../store/run/range-set.ts';
import { IngestError } from '../errors.ts';
import type { RangeRows } from './range-rows.ts';

/** Names that are kept of files with a fault. */
const MAX_NAMES = 100;

export interface FaultyFiles {
  readonly count: number;
  /** The first ones; bad files with what is wrong. */
  readonly names: readonly string[];
}

class Faults implements FaultyFiles {
  readonly names: string[] = [];
  count = 0;

  add(name: string): void {
    this.count++;
    if (this.names.length < MAX_NAMES) this.names.push(name);
  }
}

export class RangeReport {
  /** Files with a bad row give nothing: a mirror answers a range whole or not at all. */
  readonly isMirror: boolean;
  /** The ranges that files are named after. */
  readonly named = new RangeSet();
  readonly empty = new Faults();
  readonly bad = new Faults();
  #kind: RangeName | undefined;
  #kindFile = '';
  /** Rows of files that did not change. */
  keptRows = 0;
  /** Rows that are no hash of their range, and the others of such a file of a mirror. */
  damaged = 0;
  #rejects = { padding: 0, bad: 0 };

  constructor(isMirror = false) {
    this.isMirror = isMirror;
  }

  /** Notes a file before it is read. @throws IngestError `RANGE_TWICE` */
  begin(range: number, name: string): void {
    if (!this.named.add(range)) throw rangeTwice(range, name);
  }

  /**
   * Takes the rows of a file.
   * @returns those to ingest
   * @throws IngestError `RANGE_MIXED`
   */
  take(name: string, { kind, text, rows, padding, bad }: RangeRows): Buffer {
    if (kind !== undefined && kind !== (this.#kind ?? kind)) throw rangesMixed(this.#kindFile, name);
    if (kind !== undefined && this.#kind === undefined) {
      this.#kind = kind;
      this.#kindFile = name;
    }
    this.#rejects.padding += padding;
    if (bad > 0)
      this.bad.add(`${name} (${bad === 1 ? 'a row that is' : `${bad} rows that are`} no hash of this range)`);
    else if (rows === 0) this.empty.add(name);
    if (bad > 0 && this.isMirror) {
      this.#rejects.bad += bad + rows;
      return text.subarray(0, 0);
    }
    this.#rejects.bad += bad;
    return text;
  }

  /** Notes a file that did not change since it was ingested. */
  keep(name: string, { rows, padding }: Pick<RangeRows, 'rows' | 'padding'>): void {
    this.keptRows += rows;
    this.#rejects.padding += padding;
    if (rows === 0) this.empty.add(name);
  }

  /** Notes a file that cannot be read. */
  addBad(name: string, why: string): void {
    this.bad.add(`${name} (${why})`);
  }

  /** The rows since the last call that are not ingested, by reason. */
  takeRejects(): { readonly padding?: number; readonly 'bad-hash'?: number } {
    const { padding, bad } = this.#rejects;
    this.#rejects = { padding: 0, bad: 0 };
    this.damaged += bad;
    return { ...(padding > 0 && { padding }), ...(bad > 0 && { 'bad-hash': bad }) };
  }
}

export function rangeTwice(range: number, ...names: readonly string[]): IngestError {
  return new IngestError(
    'RANGE_TWICE',
    `range ${formatRangePrefix(range)} is there twice: ${names.join(', ')}`,
    'Its hashes would count double. Leave one of the files out, or ingest one folder only.',
  );
}

export function rangesMixed(...names: readonly string[]): IngestError {
  return new IngestError(
    'RANGE_MIXED',
    `ranges of SHA-1 and of NTLM are in one corpus: ${names.join(', ')}`,
    'Ingest each kind as a source of its own.',
  );
}
