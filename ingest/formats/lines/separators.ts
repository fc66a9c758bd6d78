// Finds what may separate the columns of lines: marks that stand in most of them.

/** Lines that are looked at, and characters of each. */
const MAX_ROWS = 300;
const MAX_LENGTH = 400;
const MAX_CANDIDATES = 12;
/** Lines of a list may have two separators, one here and one there. */
const MIN_SHARE = 0.5;
/** A shorter separator that stands outside of a longer one in fewer lines is a part of it. */
const ELSEWHERE = 0.1;

/** Marks between letters, digits and quotes, with the blanks around them. */
const MARKS = /[^\p{L}\p{M}\p{N}\s"'`]+|\t+| +/gu;
/** Each of them separates, whatever stands beside it. */
export const COMMON: readonly string[] = [':', ';', ',', '|', '\t', ' '];
/** Alone, these belong to usernames. */
const NEVER = new Set(['@', '.', '_', '-', '+']);

const isBlank = (character: string): boolean => character === ' ' || character === '\u00a0';

/** A tab at an end of a line separates. */
const trimBlanks = (row: string): string => row.replace(/^ +/, '').trimEnd() + (row.endsWith('\t') ? '\t' : '');

/**
 * How values begin that are written in a syntax of their own: `$HEX[…]`, crypt hashes, `{SHA}`. Its
 * marks separate nothing.
 */
const VALUE =
  /(?<![\p{L}\p{N}])(?:\$HEX\[[^\]]*\]|\$(?:\d[a-z]?|[a-z]|argon2id?|argon2d|apr1|md5|sha\d|scrypt|bcrypt-sha\d+|pbkdf2[\w-]*)\$\S{8,}|\{[\w.-]{2,20}\}(?=[\w+/$]))/giu;
const withoutValues = (row: string): string => row.replace(VALUE, (value) => 'x'.repeat(value.length));

/** @returns the most frequent first */
export function separatorsIn(rows: readonly string[], minShare = MIN_SHARE): string[] {
  const counts = new Map<string, number>();
  const looked = rows.slice(0, MAX_ROWS).map(withoutValues);
  for (const row of looked)
    for (const separator of marksOf(trimBlanks(row.slice(0, MAX_LENGTH))))
      counts.set(separator, (counts.get(separator) ?? 0) + 1);
  const frequent = [...counts].filter(([, count]) => count >= minShare * looked.length);
  return frequent
    .filter(([separator, count]) => !frequent.some(([longer]) => isPart(separator, count, longer, looked)))
    .sort((a, b) => b[1] - a[1] || b[0].length - a[0].length)
    .slice(0, MAX_CANDIDATES)
    .map(([separator]) => separator);
}

/** Whether it stands nearly only within the longer one. Blanks separate by themselves. */
function isPart(separator: string, count: number, longer: string, rows: readonly string[]): boolean {
  if (separator === ' ' || longer.length <= separator.length || !longer.includes(separator)) return false;
  return rows.filter((row) => row.replaceAll(longer, '').includes(separator)).length < ELSEWHERE * count;
}

function marksOf(row: string): Set<string> {
  const found = new Set<string>(COMMON.filter((separator) => row.includes(separator)));
  for (const { 0: mark, index } of row.matchAll(MARKS)) {
    const end = index + mark.length;
    // At an end of the line it encloses, and within a URL it separates nothing of ours.
    if (index === 0 || end === row.length || isBlank(mark.charAt(0)) || mark.includes('//')) continue;
    const before = isBlank(row.charAt(index - 1));
    const after = isBlank(row.charAt(end));
    if (!NEVER.has(mark)) found.add(mark);
    if (after) found.add(row.slice(index, end + 1));
    if (before && after) found.add(row.slice(index - 1, end + 1));
  }
  return found;
}
