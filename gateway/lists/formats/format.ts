// What every format of a list does, and what the formats share.

export const FORMAT_NAMES = ['lines', 'csv', 'json', 'tor'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/**
 * The text of an entry, one character for each byte; undefined for a place that should hold an
 * entry and holds none.
 */
export type Candidate = string | undefined;

export interface ListFormat {
  /** The entries of the content, which nobody has checked. Comments and headers are none. */
  candidates(content: Buffer): Iterable<Candidate>;
}

/** Longer lines hold no entry: of addresses, of paths or of user agents. */
const MAX_LINE_BYTES = 8192;

/** Lines without their ends, one character for each byte; undefined for one that is too long. */
export function* linesOf(content: Buffer): Generator<Candidate> {
  for (let at = 0; at < content.length; ) {
    const feed = content.indexOf(0x0a, at);
    const end = feed === -1 ? content.length : feed;
    yield end - at > MAX_LINE_BYTES ? undefined : content.toString('latin1', at, end).trim();
    at = end + 1;
  }
}

/** The first of them. */
export function take<T>(values: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const value of values) {
    taken.push(value);
    if (taken.length === count) break;
  }
  return taken;
}
