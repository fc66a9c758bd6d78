// Counts rejected lines by reason. A rejected line never stops an ingest.

import { maskLine } from './mask.ts';

export type RejectReason =
  | 'blank'
  | 'comment'
  /** A row that is unlike those above it: a title, a sum or a notice. */
  | 'remark'
  | 'no-separator'
  | 'empty-username'
  | 'empty-password'
  | 'no-password'
  | 'hash-password'
  | 'bad-count'
  /** A count of 0, which hides the size of an answer of Have I Been Pwned. */
  | 'padding'
  | 'bad-hash'
  | 'nul-byte'
  | 'too-long'
  /** Of a person who is left out, and of an account that the operator planted. */
  | 'suppressed'
  | 'planted'
  | 'malformed-row'
  /** Of a user table: a line behind a quote that is left open, which may be a part of a cell. */
  | 'doubtful-quotes'
  /** Of a user table: a line of a cell that looks like a row, and is none if the writer quotes. */
  | 'within-quotes'
  | 'missing-column';

export type RejectCounts = { readonly [reason: string]: number };
/** Of names that the dataset leaves out: nothing is wrong with their lines. */
export const WITHHELD_REASONS: readonly string[] = ['suppressed', 'planted'] satisfies RejectReason[];

/** Parts what could not be read from what is withheld for its name. */
export function splitRejects(counts: RejectCounts): {
  readonly rejected: RejectCounts;
  readonly withheld: RejectCounts;
} {
  const those = (isWithheld: boolean): RejectCounts =>
    Object.fromEntries(Object.entries(counts).filter(([reason]) => WITHHELD_REASONS.includes(reason) === isWithheld));
  return { rejected: those(false), withheld: those(true) };
}

export const sumRejects = (counts: RejectCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Masked lines, by reason. */
export type RejectExamples = { readonly [reason: string]: readonly string[] };

/** Examples of one reason. */
const MAX_EXAMPLES = 3;
/** Bytes of a line that its example may show. */
const MAX_EXAMPLE_BYTES = 512;

const NO_LINE = new Uint8Array();

export class RejectCounter {
  readonly #counts = new Map<RejectReason, number>();
  readonly #examples = new Map<RejectReason, string[]>();
  total = 0;

  add(reason: RejectReason, count = 1): void {
    this.total += count;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** Counts a line, and keeps it masked if it is given and one of the first. */
  addLine(reason: RejectReason, line: Uint8Array = NO_LINE): void {
    this.add(reason);
    const examples = this.#examples.get(reason) ?? [];
    if (examples.length >= MAX_EXAMPLES || line.length === 0) return;
    const bytes = Buffer.from(line.subarray(0, MAX_EXAMPLE_BYTES));
    const example = maskLine(bytes.toString('utf8'));
    if (example === '' || examples.includes(example)) return;
    this.#examples.set(reason, [...examples, example]);
  }

  /** Adds the counts and examples of another counter. */
  addAll(counts: RejectCounts, examples: RejectExamples = {}): void {
    for (const [reason, count] of Object.entries(counts)) this.add(reason as RejectReason, count);
    for (const [reason, more] of Object.entries(examples)) {
      const known = this.#examples.get(reason as RejectReason) ?? [];
      this.#examples.set(reason as RejectReason, [...new Set([...known, ...more])].slice(0, MAX_EXAMPLES));
    }
  }

  /** Reasons in alphabetical order, so that equal runs have equal bytes. */
  byReason(): { [reason: string]: number } {
    return Object.fromEntries([...this.#counts].sort(byName));
  }

  examples(): { [reason: string]: readonly string[] } {
    return Object.fromEntries([...this.#examples].sort(byName));
  }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
