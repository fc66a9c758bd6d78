// A set of ranges, such as those that a mirror lacks. PROTOCOL.md §11.
//
// As text: the ranges in ascending order, by their prefixes, and two or more successive ones as
// FIRST-LAST: "00000-0000F 12345". The empty set is the empty text.

import { formatRangePrefix, RANGES } from '../../protocol/bucket-id.ts';

const SPAN = /^([0-9A-F]{5})(?:-([0-9A-F]{5}))?$/;

export class RangeSet {
  readonly #bits = new Uint8Array(RANGES / 8);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(range: number): boolean {
    return ((this.#bits[range >>> 3] as number) & (1 << (range & 7))) !== 0;
  }

  /** @returns false if it is a member already */
  add(range: number): boolean {
    if (this.has(range)) return false;
    this.#bits[range >>> 3] = (this.#bits[range >>> 3] as number) | (1 << (range & 7));
    this.#size++;
    return true;
  }

  addAll(others: Iterable<number>): this {
    for (const range of others) this.add(range);
    return this;
  }

  /** The ranges that are no members. */
  complement(): RangeSet {
    const rest = new RangeSet();
    for (let range = 0; range < RANGES; range++) if (!this.has(range)) rest.add(range);
    return rest;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let range = 0; range < RANGES; range++) if (this.has(range)) yield range;
  }

  /** Successive members, first and last. */
  *spans(): Generator<readonly [first: number, last: number]> {
    for (let first = 0; first < RANGES; first++) {
      if (!this.has(first)) continue;
      let last = first;
      while (last + 1 < RANGES && this.has(last + 1)) last++;
      yield [first, last];
      first = last;
    }
  }
}

const formatSpan = ([first, last]: readonly [number, number]): string =>
  first === last ? formatRangePrefix(first) : `${formatRangePrefix(first)}-${formatRangePrefix(last)}`;

export const formatRangeSet = (ranges: RangeSet): string => [...ranges.spans()].map(formatSpan).join(' ');

/** The first spans of a set as text, with an ellipsis if there are more. */
export function formatFirstSpans(ranges: RangeSet, most: number): string {
  const first: string[] = [];
  for (const span of ranges.spans()) {
    if (first.length === most) return `${first.join(' ')} …`;
    first.push(formatSpan(span));
  }
  return first.join(' ');
}

/** Parses the only spelling of a set. @returns undefined for any other text */
export function parseRangeSet(text: unknown): RangeSet | undefined {
  if (typeof text !== 'string') return undefined;
  const ranges = new RangeSet();
  if (text === '') return ranges;
  /** Two spans have a range between them. */
  let next = 0;
  for (const span of text.split(' ')) {
    const [, first = '', last = first] = SPAN.exec(span) ?? [];
    const [from, to] = [Number.parseInt(first, 16), Number.parseInt(last, 16)];
    if (!(from >= next && to >= from) || (from === to && span.length > first.length)) return undefined;
    for (let range = from; range <= to; range++) ranges.add(range);
    next = to + 2;
  }
  return ranges;
}
