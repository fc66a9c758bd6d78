// Writes text in an encoding, with TextDecoder's tables turned around.

import type { Random } from '../random.ts';

export interface Encoding {
  readonly name: string;
  /** The label that an operator must name, because bytes alone do not show it. */
  readonly label?: string;
}

const LEGACY = ['windows-1250', 'windows-1251', 'koi8-r', 'windows-1254', 'gbk', 'shift_jis', 'euc-kr', 'iso-8859-2'];

export const ENCODINGS: readonly Encoding[] = [
  // As often as in the wild, roughly.
  ...Array.from({ length: 8 }, () => ({ name: 'utf-8' })),
  { name: 'utf-8 with BOM' },
  { name: 'utf-8 with BOM' },
  { name: 'utf-8 with inner BOMs' },
  { name: 'utf-16le with BOM' },
  { name: 'utf-16be with BOM' },
  { name: 'utf-16le' },
  { name: 'utf-16le, then utf-8' },
  { name: 'windows-1252' },
  { name: 'windows-1252' },
  { name: 'utf-8 and windows-1252' },
  ...LEGACY.map((label) => ({ name: label, label })),
];

type Table = ReadonlyMap<string, readonly number[]>;
const tables = new Map<string, Table>();

/** The bytes of each character of a legacy encoding. */
function tableOf(label: string): Table {
  const made = tables.get(label);
  if (made) return made;
  const table = new Map<string, readonly number[]>();
  const decoder = new TextDecoder(label, { fatal: true });
  const add = (...bytes: number[]): void => {
    try {
      const text = decoder.decode(Uint8Array.from(bytes));
      if ([...text].length === 1 && !table.has(text)) table.set(text, bytes);
    } catch {
      // No character has these bytes.
    }
  };
  for (let byte = 0; byte < 256; byte++) add(byte);
  if (/^(gbk|shift_jis|euc-kr)$/.test(label))
    for (let lead = 0x81; lead < 0xff; lead++) for (let trail = 0x40; trail < 0xff; trail++) add(lead, trail);
  tables.set(label, table);
  return table;
}

const isLegacy = (name: string): boolean => name === 'windows-1252' || LEGACY.includes(name);

/** Encodings of files that were joined line by line. */
const JOINED = ['utf-8 with inner BOMs', 'utf-16le, then utf-8', 'utf-8 and windows-1252'];

/**
 * Whether the encoding has all characters of the text, and differs from UTF-8 on it.
 * @param isOfLines whether the file could be joined from others
 */
export function suits(name: string, text: string, isOfLines = true): boolean {
  if (JOINED.includes(name) && !isOfLines) return false;
  if (!isLegacy(name)) return name !== 'utf-8 and windows-1252' || suits('windows-1252', text);
  const table = tableOf(name);
  let differs = false;
  for (const character of text) {
    if (!table.has(character)) return false;
    if (character > '\x7f') differs = true;
  }
  return differs;
}

const utf16 = (text: string, isBig: boolean): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

function legacy(name: string, text: string): Buffer {
  const table = tableOf(name);
  return Buffer.from([...text].flatMap((character) => table.get(character) ?? []));
}

/** The text with its line ends, in bytes. @param name one that suits the text */
export function encodeText(name: string, text: string, random: Random): Buffer {
  const lines = (): string[] => text.split(/(?<=\n)|(?<=\r)(?![\r\n])/);
  switch (name) {
    case 'utf-8':
      return Buffer.from(text);
    case 'utf-8 with BOM':
      return Buffer.from(`\ufeff${text}`);
    case 'utf-8 with inner BOMs':
      return Buffer.from(
        lines().reduce((whole, line) => `${whole}${random.below(9) === 0 ? '\ufeff' : ''}${line}`, '\ufeff'),
      );
    case 'utf-16le with BOM':
      return utf16(`\ufeff${text}`, false);
    case 'utf-16be with BOM':
      return utf16(`\ufeff${text}`, true);
    case 'utf-16le':
      return utf16(text, false);
    case 'utf-16le, then utf-8': {
      const all = lines();
      const half = all.length >> 1;
      return Buffer.concat([
        utf16(`\ufeff${all.slice(0, half).join('')}`, false),
        Buffer.from(`\ufeff${all.slice(half).join('')}`),
      ]);
    }
    case 'utf-8 and windows-1252':
      return Buffer.concat(
        lines().map((line) => (random.below(3) === 0 ? legacy('windows-1252', line) : Buffer.from(line))),
      );
    default:
      return legacy(name, text);
  }
}
