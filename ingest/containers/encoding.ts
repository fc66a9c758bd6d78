// Turns the text of a member into UTF-8 or windows-1252 bytes: transcodes UTF-16 and the encoding
// that the operator stated, and removes a byte order mark.

import { isUtf8 } from 'node:buffer';
import { describeBinary } from './binary.ts';
import { type Blocks, lookAhead } from './blocks.ts';
import { Utf16Watch } from './utf16-watch.ts';

type Utf16 = 'utf-16le' | 'utf-16be';

/** Enough bytes to detect UTF-16. */
const HEAD_BYTES = 1024;
/** Enough to tell UTF-8 from a stated encoding. */
const STATED_HEAD_BYTES = 1 << 16;
const MARKS: readonly { readonly encoding: Utf16 | undefined; readonly bytes: Buffer }[] = [
  { encoding: undefined, bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-16le', bytes: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', bytes: Buffer.from([0xfe, 0xff]) },
];
/** The longest line end and mark. */
const SEAM_BYTES = 5;
/** So much ASCII behind a line end in UTF-16 is UTF-8: hardly any other text has it. */
const BARE_BYTES = 16;
const BARE: (typeof MARKS)[number] = { encoding: undefined, bytes: Buffer.alloc(0) };
const LF = 0x0a;
const CR = 0x0d;

/**
 * Decodes a member that may consist of files that were joined end to end: a byte order mark of
 * another encoding behind a line end begins the next one, and so do bytes of ASCII in UTF-16.
 * @param stated for TextDecoder: of texts that are not in UTF-16, have no byte order mark, and are
 * neither pictures nor UTF-8 beyond ASCII
 * @param note takes a remark if the text is in another one than stated
 */
export async function* decodeMember(
  blocks: Blocks,
  stated?: string,
  note: (remark: string) => void = () => {},
): AsyncGenerator<Buffer> {
  const { head, blocks: whole } = await lookAhead(blocks, stated === undefined ? HEAD_BYTES : STATED_HEAD_BYTES);
  const mark = MARKS.find(({ bytes }) => head.subarray(0, bytes.length).equals(bytes));
  let encoding: string | undefined = mark
    ? mark.encoding
    : (detectUtf16(head.subarray(0, HEAD_BYTES)) ?? statedFor(head, stated));
  const remark = stated === undefined ? undefined : remarkOn(head, stated, encoding);
  if (remark !== undefined) note(remark);
  let part = createPart(encoding);
  let rest = mark?.bytes.length ?? 0;
  let held = Buffer.alloc(0);
  for await (const block of whole) {
    let data = held.length > 0 ? Buffer.concat([held, block]) : block.subarray(rest);
    rest = 0;
    for (let seam = findSeam(data, encoding); seam; seam = findSeam(data, encoding)) {
      yield* part.push(data.subarray(0, seam.at));
      yield* part.end();
      data = data.subarray(seam.at + seam.mark.bytes.length);
      encoding = seam.mark.encoding;
      part = createPart(encoding);
    }
    const keep = keptBytes(data, encoding);
    yield* part.push(data.subarray(0, data.length - keep));
    held = Buffer.from(data.subarray(data.length - keep));
  }
  yield* part.push(held);
  yield* part.end();
}

const DOUBLE_BYTE = /^(?:gb|big5|euc|shift)/;
/** Characters of two bytes each are by chance UTF-8 in a text that has very few of them. */
const MIN_OF_DOUBLE_BYTE = 3;
const LEAD = /[\xc2-\xf4]/g;
/** At the end of a head, a character of UTF-8 may be cut. */
const CUT_CHARACTER = /[\xc2-\xf4][\x80-\xbf]{0,2}$/;

/** The stated encoding, unless the bytes show that the text is not in it. */
function statedFor(head: Buffer, stated: string | undefined): string | undefined {
  if (stated === undefined) return undefined;
  const { encoding } = new TextDecoder(stated);
  if (isUtf16(encoding)) return stated;
  if (describeBinary(head)?.isPicture) return undefined;
  const bytes = head.toString('latin1');
  const cut = isUtf8(head) ? -1 : bytes.slice(-3).search(CUT_CHARACTER);
  const whole = cut === -1 ? head.length : Math.max(0, head.length - 3) + cut;
  const characters = bytes.slice(0, whole).match(LEAD)?.length ?? 0;
  const enough = characters >= (DOUBLE_BYTE.test(encoding) ? MIN_OF_DOUBLE_BYTE : 1);
  return enough && isUtf8(head.subarray(0, whole)) ? undefined : stated;
}

/** @param found undefined for UTF-8 */
function remarkOn(head: Buffer, stated: string, found: string | undefined): string | undefined {
  const { encoding } = new TextDecoder(stated);
  const actual = found === undefined ? 'utf-8' : new TextDecoder(found).encoding;
  if (actual === encoding || describeBinary(head) !== undefined) return undefined;
  return `in ${actual} by its bytes, not in the stated ${encoding}`;
}

interface Part {
  push(block: Buffer): Iterable<Buffer>;
  end(): Iterable<Buffer>;
}

const someText = (text: string): Buffer[] => (text === '' ? [] : [Buffer.from(text)]);

/** Unpaired surrogates, bytes without a character and a truncated last unit become U+FFFD. */
function createPart(encoding: string | undefined): Part {
  if (encoding === undefined) return { push: (block) => (block.length > 0 ? [block] : []), end: () => [] };
  const decoder = new TextDecoder(encoding);
  const watch = isUtf16(encoding) ? new Utf16Watch(encoding) : undefined;
  return {
    push(block) {
      watch?.push(block);
      return someText(decoder.decode(block, { stream: true }));
    },
    end() {
      watch?.end();
      return someText(decoder.decode());
    },
  };
}

interface Seam {
  /** Where the mark is. */
  readonly at: number;
  readonly mark: (typeof MARKS)[number];
}

const isUtf16 = (encoding: string | undefined): encoding is Utf16 => encoding?.startsWith('utf-16') === true;

/** Finds the first mark of another encoding behind a line end. `data` begins at a code unit. */
function findSeam(data: Buffer, encoding: string | undefined): Seam | undefined {
  let first: Seam | undefined;
  for (const mark of MARKS) {
    if (mark.encoding === encoding) continue;
    // In another encoding that was stated, these bytes may be characters.
    if (encoding !== undefined && !isUtf16(encoding)) continue;
    for (let at = data.indexOf(mark.bytes); at >= 0; at = data.indexOf(mark.bytes, at + 1)) {
      if (!endsLine(data, at, encoding)) continue;
      if (!first || at < first.at) first = { at, mark };
      break;
    }
  }
  const bare = isUtf16(encoding) ? findBare(data, encoding) : -1;
  return bare !== -1 && (!first || bare < first.at) ? { at: bare, mark: BARE } : first;
}

/** Where bytes of ASCII follow a line end in UTF-16; -1 if nowhere. */
function findBare(data: Buffer, encoding: Utf16): number {
  for (let lf = data.indexOf(LF); lf >= 0; lf = data.indexOf(LF, lf + 1)) {
    const at = encoding === 'utf-16le' ? lf + 2 : lf + 1;
    if (at + BARE_BYTES <= data.length && endsLine(data, at, encoding) && isBare(data, at)) return at;
  }
  return -1;
}

function isBare(data: Buffer, from: number): boolean {
  for (let at = from; at < from + BARE_BYTES; at++) {
    const byte = data[at] as number;
    if (byte > 0x7e || (byte < 0x20 && byte !== 0x09 && byte !== LF && byte !== CR)) return false;
  }
  return true;
}

/** Whether a line ends at this place. */
function endsLine(data: Buffer, at: number, encoding: string | undefined): boolean {
  if (!isUtf16(encoding)) return data[at - 1] === LF || data[at - 1] === CR;
  const [unit, zero] = encoding === 'utf-16le' ? [data[at - 2], data[at - 1]] : [data[at - 1], data[at - 2]];
  return at % 2 === 0 && zero === 0 && (unit === LF || unit === CR);
}

/** Bytes at the end that may belong to a seam; in UTF-16 the others are whole code units. */
function keptBytes(data: Buffer, encoding: string | undefined): number {
  const kept = SEAM_BYTES - 1 + BARE_BYTES;
  if (isUtf16(encoding)) return Math.min(data.length, kept + ((data.length - kept) & 1));
  if (encoding !== undefined) return 0;
  // A line end, or a line end and half a mark.
  for (let back = 1; back <= Math.min(2, data.length); back++) {
    const byte = data[data.length - back];
    if (byte === LF || byte === CR) return back;
  }
  return 0;
}

/** Detects UTF-16 by its byte order mark, or by the NUL bytes of mostly Latin text. */
export function detectUtf16(head: Uint8Array): Utf16 | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const pairs = Math.floor(head.length / 2);
  const zeros = [0, 0];
  for (let i = 0; i < 2 * pairs; i++) if (head[i] === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (pairs < 2) return undefined;
  if (odd > 0.7 * pairs && even < 0.05 * pairs) return 'utf-16le';
  if (even > 0.7 * pairs && odd < 0.05 * pairs) return 'utf-16be';
  return undefined;
}
