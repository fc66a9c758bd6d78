// The texts that servers make of the bytes of a value.

import { isUtf8 } from 'node:buffer';

const ASCII = /^[\0-\x7f]*$/;
/** What PHP's trim cuts off. */
const BLANKS = ' \t\n\r\0\v';

/**
 * @param bytes as text of which each character is one byte
 * @param raw the value as it stood there, escapes and all
 */
export function textsOfBytes(bytes: string, raw: string = bytes): string[] {
  if (ASCII.test(bytes)) return withTrimmed([bytes]);
  const buffer = Buffer.from(bytes, 'latin1');
  const isText = isUtf8(buffer);
  // A servlet reads ISO-8859-1 unless it is told otherwise.
  const texts = [buffer.toString('utf8'), new TextDecoder('windows-1252').decode(buffer), bytes];
  // What is no UTF-8 stays encoded in Express.
  if (!isText && raw !== bytes) texts.push(raw.replaceAll('+', ' '));
  return withTrimmed(texts);
}

/** What servers may read of a text that came as UTF-8. */
export const readingsOf = (text: string): readonly string[] => textsOfBytes(Buffer.from(text).toString('latin1'));

/** Applications trim what people type, and some passwords too. DokuWiki takes out controls. */
export function withTrimmed(texts: readonly string[]): string[] {
  const all = texts.flatMap((text) => {
    const plain = withoutControls(text);
    return [text, trimmed(text), text.trim(), plain, plain.trim()];
  });
  const [first = ''] = texts;
  return [...new Set(all)].filter((text) => text !== '' || first === '');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const withoutControls = (text: string): string => text.replace(/[\0-\x1f]/g, '');

/** No regular expression: those take quadratic time for blanks inside. */
export function trimmed(text: string, blanks: string = BLANKS): string {
  let start = 0;
  let end = text.length;
  while (start < end && blanks.includes(text[start] as string)) start++;
  while (end > start && blanks.includes(text[end - 1] as string)) end--;
  return text.slice(start, end);
}

/** @param pattern with the flag `g` */
export function findFrom(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

/** Half of a surrogate pair, of which each language makes something else. */
export const isBroken = (text: string): boolean => !text.isWellFormed();
