// Content that is no text, by its first bytes.

export interface Binary {
  /** What it is, with an article. */
  readonly what: string;
  /** Pictures stand beside logs, and are left out. */
  readonly isPicture?: true;
}

const MAGICS: readonly (readonly [hex: string, at: number, binary: Binary])[] = [
  ['ffd8ff', 0, { what: 'a JPEG picture', isPicture: true }],
  ['89504e470d0a1a0a', 0, { what: 'a PNG picture', isPicture: true }],
  ['47494638', 0, { what: 'a GIF picture', isPicture: true }],
  ['57454250', 8, { what: 'a WebP picture', isPicture: true }],
  ['49492a00', 0, { what: 'a TIFF picture', isPicture: true }],
  ['4d4d002a', 0, { what: 'a TIFF picture', isPicture: true }],
  ['00000100', 0, { what: 'an icon', isPicture: true }],
  ['6674797068656963', 4, { what: 'a HEIC picture', isPicture: true }],
  ['255044462d', 0, { what: 'a PDF' }],
  ['53514c69746520666f726d6174203300', 0, { what: 'an SQLite database' }],
  ['d0cf11e0a1b11ae1', 0, { what: 'a document of old Office (doc, xls)' }],
  ['7f454c46', 0, { what: 'a program' }],
  ['03d9a29a67fb4bb5', 0, { what: 'a KeePass database' }],
  ['00061561', 0, { what: 'a Berkeley database' }],
];

/** Bitmaps have two letters alone, which words have too: then a size and zeros. */
const isBitmap = (bytes: Buffer): boolean =>
  bytes.length > 14 && bytes.toString('latin1', 0, 2) === 'BM' && bytes.readUInt32LE(6) === 0;

/** Share of NUL bytes, and of other controls, that no list of credentials has. */
const MAX_NULS = 0.01;
/** Fewer may be damage of some lines. */
const MIN_NULS = 16;
const MAX_CONTROLS = 0.05;
const INSPECTED_BYTES = 1 << 16;

/** @returns undefined for text */
export function describeBinary(bytes: Buffer): Binary | undefined {
  for (const [hex, at, binary] of MAGICS) if (bytes.toString('hex', at, at + hex.length / 2) === hex) return binary;
  if (isBitmap(bytes)) return { what: 'a BMP picture', isPicture: true };
  return undefined;
}

/** @returns true if too many bytes are none of a text */
export function isBinary(bytes: Buffer): boolean {
  const end = Math.min(bytes.length, INSPECTED_BYTES);
  let nuls = 0;
  let controls = 0;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === 0) nuls++;
    else if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b && byte !== 0x01 && byte !== 0x1f) controls++;
  }
  return (nuls > MIN_NULS && nuls > MAX_NULS * end) || controls > MAX_CONTROLS * end;
}

const MARKUP: readonly (readonly [start: string, what: string])[] = [
  ['<?xml', 'an XML document, as in xlsx and docx'],
  ['<!doctype html', 'a web page'],
  ['<html', 'a web page'],
  ['<worksheet', 'a sheet of an xlsx document'],
  ['{\\rtf', 'a document in RTF'],
];

/** Documents of which the lines are no credentials. @returns what the text is, with an article */
export function describeMarkup(firstLine: string): string | undefined {
  const start = firstLine.trimStart().slice(0, 32).toLowerCase();
  return MARKUP.find(([prefix]) => start.startsWith(prefix))?.[1];
}
