// Decodes the bytes of a corpus: valid UTF-8, otherwise windows-1252; and hashcat's $HEX[…].
// PROTOCOL.md §2.

import { isUtf8 } from 'node:buffer';

/** Bytes 0x80 to 0x9f in the index of the WHATWG Encoding Standard; the others are Latin-1. */
export const WINDOWS_1252_C1 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

/** Never fails: every byte string decodes to some text. */
export function decodeText(bytes: Buffer): string {
  // Lenient, several times as fast as TextDecoder for a line, and without its exceptions.
  const text = bytes.toString('utf8');
  return !text.includes('\ufffd') || isUtf8(bytes) ? text : decodeWindows1252(bytes);
}

/**
 * Without TextDecoder, which decodes windows-1252 as Latin-1 in some versions of Node from 22.18
 * on.
 */
function decodeWindows1252(bytes: Buffer): string {
  const c1 = (character: string): string => WINDOWS_1252_C1.charAt(character.charCodeAt(0) - 0x80);
  return bytes.toString('latin1').replace(/[\x80-\x9f]/g, c1);
}

const HEX = /^\$HEX\[((?:[0-9a-fA-F]{2})*)\]$/;

/**
 * Cracking tools write passwords with separators or unusual bytes as `$HEX[…]`. Other text is
 * unchanged.
 */
export function decodeHexNotation(text: string): string {
  if (!text.startsWith('$HEX[')) return text;
  const match = HEX.exec(text);
  return match ? decodeText(Buffer.from(match[1] as string, 'hex')) : text;
}
