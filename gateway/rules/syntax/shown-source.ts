// The source of a rule as people may see it: without keys, and harmless to a terminal.

/** To the start of the key. A malformed call hides its key too: a bare word, or in another call. */
const BEFORE_KEY = /is_timed_hmac_valid_v0(?:\s*\(\s*(?=[^\s"(#]+[\s,)])|[^"]*?(?:r(#*))?")/g;
const QUOTED = /^(?:[^"\\]|\\[\s\S])*/;

/** Keys are masked, and control characters are blanks. Offsets stay the same. */
export const shownSource = (source: string): string =>
  withoutKeys(source).replace(/[^\P{C}\n]/gu, (sign) => ' '.repeat(sign.length));

/**
 * The source with every character of an HMAC key replaced by `*`. It may be malformed: a key
 * without an end is masked to the end of the source.
 */
function withoutKeys(source: string): string {
  let masked = '';
  let from = 0;
  for (const found of source.matchAll(BEFORE_KEY)) {
    const start = found.index + found[0].length;
    if (start < from) continue;
    const end = start + keyLength(source.slice(start), found[0].endsWith('"'), found[1]);
    masked += source.slice(from, start) + source.slice(start, end).replace(/[^\n]/g, '*');
    from = end;
  }
  return masked + source.slice(from);
}

/** @param hashes of a raw string, undefined for a quoted one */
function keyLength(rest: string, isString: boolean, hashes: string | undefined): number {
  if (!isString) return rest.search(/[\s,)]/);
  if (hashes === undefined) return QUOTED.exec(rest)?.[0].length ?? 0;
  const end = rest.indexOf(`"${hashes}`);
  return end === -1 ? rest.length : end;
}
