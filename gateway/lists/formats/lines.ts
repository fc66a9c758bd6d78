// One entry a line, with comments: FireHOL's .ipset and .netset, lists of addresses, networks,
// ranges and proxies, Tor's plain list of exits.

import { type Candidate, type ListFormat, linesOf } from './format.ts';

const COMMENT = /^(?:#|;|\/\/)/;

export const addressLines: ListFormat = {
  *candidates(content): Generator<Candidate> {
    for (const line of linesOf(content)) {
      if (line === '' || (line !== undefined && COMMENT.test(line))) continue;
      yield line && withoutComment(line);
    }
  },
};

/** `192.0.2.0/24 ; SBL1`. A pattern that skips the spaces would take the square of their number. */
function withoutComment(line: string): string {
  const at = line.search(/[#;]/);
  return at === -1 ? line : line.slice(0, at).trimEnd();
}

/** A text may contain any of the signs of comments, so that only a whole line is one. */
export const textLines: ListFormat = {
  *candidates(content): Generator<Candidate> {
    for (const line of linesOf(content)) if (line !== '' && !line?.startsWith('#')) yield line;
  },
};
