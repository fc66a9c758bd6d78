// What an ingest did not read, by reason: all of it is counted, some of it named.

/** Names that are kept of each reason. */
const MAX_NAMES = 100;

export interface LeftOutGroup {
  /** Follows the name, as in "a link that leads nowhere". */
  readonly why: string;
  readonly count: number;
  /** The first ones: paths, or paths within an archive. */
  readonly names: readonly string[];
}

export class LeftOut {
  readonly #groups = new Map<string, { count: number; readonly names: string[] }>();

  add(name: string, why: string): void {
    const group = this.#groups.get(why) ?? { count: 0, names: [] };
    this.#groups.set(why, group);
    group.count++;
    if (group.names.length < MAX_NAMES) group.names.push(name);
  }

  /** Takes the groups of an earlier reading of the same inputs in place of its own. */
  restore(groups: readonly LeftOutGroup[]): void {
    this.#groups.clear();
    for (const { why, count, names } of groups) this.#groups.set(why, { count, names: [...names] });
  }

  get groups(): LeftOutGroup[] {
    return [...this.#groups].map(([why, { count, names }]) => ({ why, count, names }));
  }
}

/** What file systems and downloaders write beside a corpus. */
const COMPANION = new RegExp(
  [
    String.raw`^(?:\.DS_Store|\._.*|\.directory|Thumbs\.db|desktop\.ini)$`,
    // Of downloaders of Have I Been Pwned's ranges.
    String.raw`^(?:(?:sha1|ntlm)\.index|[0-9a-f]{5}\.(?:meta|etag)|curl\.out)$`,
  ].join('|'),
  'i',
);
const MAC_FOLDER = /(?:^|\/)__MACOSX\//;

/** Whether a file or archive entry is one of them, by its name. */
export const isCompanion = (name: string): boolean =>
  COMPANION.test(name.slice(name.lastIndexOf('/') + 1)) || MAC_FOLDER.test(name);

export const COMPANION_WHY = 'no corpus, by its name';
