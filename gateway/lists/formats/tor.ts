// Tor's exit list (TorDNSEL Exit List Format): several lines for each relay, of which `ExitAddress`
// holds an address.

import { type Candidate, type ListFormat, linesOf } from './format.ts';

const OTHER_LINES = /^(?:ExitNode|Published|LastStatus|Downloaded|@type) /;
const EXIT_ADDRESS = /^ExitAddress (\S+) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

export const tor: ListFormat = {
  *candidates(content): Generator<Candidate> {
    for (const line of linesOf(content))
      if (line === undefined || (line !== '' && !OTHER_LINES.test(line))) yield EXIT_ADDRESS.exec(line ?? '')?.[1];
  },
};

export const isTorLine = (line: string): boolean => /^ExitNode [\dA-F]{40}$/.test(line);
