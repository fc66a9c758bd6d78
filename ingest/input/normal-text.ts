// Decides by its bytes whether text is UTF-8 that NFC does not change, which is most of it, and
// encodes windows-1252, whose characters NFC never changes. Tests compare both with text.ts.

import { WINDOWS_1252_C1 } from './text.ts';

/**
 * Inclusive ranges of code points that are NFC, have combining class 0 and never combine with one
 * before them (UAX #15: NFC_Quick_Check=Yes), in every version of Unicode. A text of them is NFC.
 */
export const NORMAL_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x2ff],
  [0x370, 0x373],
  [0x375, 0x377],
  [0x37a, 0x37d],
  [0x388, 0x3ff],
  [0x400, 0x482],
  [0x48a, 0x52f],
  [0x531, 0x556],
  [0x561, 0x587],
  [0x5d0, 0x5ea],
  [0x620, 0x64a],
  [0x660, 0x66f],
  [0x671, 0x6d5],
  [0xe01, 0xe30],
  [0xe40, 0xe46],
  [0x10a0, 0x10c5],
  [0x10d0, 0x10ff],
  [0x1e00, 0x1eff],
  [0x2002, 0x2027],
  [0x2030, 0x205e],
  [0x20a0, 0x20bf],
  [0x2190, 0x2328],
  [0x2600, 0x27bf],
  [0x3001, 0x3029],
  [0x3041, 0x3096],
  [0x309b, 0x30ff],
  [0x3400, 0x4db5],
  [0x4e00, 0x9fef],
  [0xac00, 0xd7a3],
  [0xff01, 0xffbe],
  [0x1f300, 0x1f64f],
];

/** 1 at each code point of these ranges below 0x20000. */
const NORMAL = new Uint8Array(0x20000);
for (const [first, last] of NORMAL_RANGES) NORMAL.fill(1, first, last + 1);

export const IS_NORMAL = 1;
/** Valid as far as it was read, and to be normalized. */
export const MAY_CHANGE = 0;
export const NOT_UTF8 = -1;

/** Whether bytes[from, to) are UTF-8 in NFC. Rare text that is says MAY_CHANGE too. */
export function looksNormal(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; ) {
    const lead = bytes[i++] as number;
    if (lead < 0x80) continue;
    // Unicode §3.9, table 3-7: a lead byte, then continuation bytes.
    const more = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
    if (more === 0 || i + more > to) return NOT_UTF8;
    let point = lead & (0x3f >> more);
    for (const end = i + more; i < end; i++) {
      const byte = bytes[i] as number;
      if ((byte & 0xc0) !== 0x80) return NOT_UTF8;
      point = (point << 6) | (byte & 0x3f);
    }
    const isShortest = more === 1 || point >= (more === 2 ? 0x800 : 0x10000);
    if (!isShortest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return NOT_UTF8;
    if (NORMAL[point] !== 1) return MAY_CHANGE;
  }
  return IS_NORMAL;
}

/** The bytes of UTF-8 that a byte of windows-1252 can take. */
export const MAX_UTF8_BYTES = 3;

/**
 * Encodes bytes[from, to) of windows-1252 to UTF-8 at out[at].
 * @returns the end of the output
 */
export function encodeWindows1252(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let end = at;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x80) {
      out[end++] = byte;
      continue;
    }
    const point = byte < 0xa0 ? WINDOWS_1252_C1.charCodeAt(byte - 0x80) : byte;
    if (point < 0x800) out[end++] = 0xc0 | (point >> 6);
    else {
      out[end++] = 0xe0 | (point >> 12);
      out[end++] = 0x80 | ((point >> 6) & 0x3f);
    }
    out[end++] = 0x80 | (point & 0x3f);
  }
  return end;
}
