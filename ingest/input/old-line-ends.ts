// Line ends of old Mac files: a text without LF is cut at CR.

const LF = 0x0a;
const CR = 0x0d;

/** @param start enough of a text to have a line end */
export const hasOldLineEnds = (start: Buffer): boolean => start.includes(CR) && !start.includes(LF);

/** A copy in which each CR is an LF. */
export function withNewLineEnds(block: Buffer): Buffer {
  const copy = Buffer.from(block);
  for (let at = copy.indexOf(CR); at !== -1; at = copy.indexOf(CR, at + 1)) copy[at] = LF;
  return copy;
}

/** A start with line ends of today. */
export const newStart = (start: Buffer): Buffer => (hasOldLineEnds(start) ? withNewLineEnds(start) : start);
