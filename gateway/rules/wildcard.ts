// Wildcards: `*` stands for any bytes, and the whole value must match.

import { lowerAscii } from './functions/text.ts';

/**
 * @param pattern where `\*` is a star and `\\` a backslash
 * @returns the test, or what is wrong with the pattern
 */
export function createWildcard(pattern: string, isStrict: boolean): ((bytes: string) => boolean) | string {
  const parts = partsOf(isStrict ? pattern : lowerAscii(pattern));
  if (typeof parts === 'string') return parts;
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return isStrict ? (bytes) => bytes === first : (bytes) => lowerAscii(bytes) === first;
  const minLength = first.length + last.length;
  const matches = (bytes: string): boolean => {
    if (bytes.length < minLength || !bytes.startsWith(first) || !bytes.endsWith(last)) return false;
    const end = bytes.length - last.length;
    let at = first.length;
    // The earliest place of each part leaves the most to the parts behind it.
    for (const part of others) {
      const found = bytes.indexOf(part, at);
      if (found === -1 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
  return isStrict ? matches : (bytes) => matches(lowerAscii(bytes));
}

/** What stands between the stars; or what is wrong with the pattern. */
export function partsOf(pattern: string): string[] | string {
  const parts = [''];
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern.charAt(at);
    if (sign === '*') {
      if (parts.length > 1 && parts.at(-1) === '') return 'Two stars stand side by side.';
      parts.push('');
      continue;
    }
    const next = sign === '\\' ? pattern.charAt(++at) : sign;
    if (sign === '\\' && next !== '*' && next !== '\\') return 'A backslash escapes neither a star nor a backslash.';
    parts[parts.length - 1] += next;
  }
  return parts;
}
