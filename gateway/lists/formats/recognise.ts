// Unpacks content and recognises its format, by what it holds and never by a name.

import zlib from 'node:zlib';
import { ContentError } from './content-error.ts';
import { csv } from './csv.ts';
import { parseEntry } from './entry.ts';
import { type Candidate, type FormatName, type ListFormat, linesOf, take } from './format.ts';
import { describeJson, json } from './json.ts';
import { addressLines, textLines } from './lines.ts';
import { isTorLine, tor } from './tor.ts';

export type ListKind = 'ip' | 'string' | 'serial';

const FORMATS: { readonly [name in FormatName]: ListFormat } = { lines: addressLines, csv, json, tor };
const SAMPLE = 200;
/** Of the sample; the share of the whole content is checked when it is read. */
const RECOGNISED_SHARE = 0.8;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The content without gzip and byte order mark.
 * @throws ContentError `GZIP_DAMAGED`, `CONTENT_TOO_LONG`
 */
export function unpack(bytes: Buffer, maxBytes: number): Buffer {
  const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes, maxBytes) : bytes;
  if (content.length > maxBytes) throw tooLong(maxBytes);
  return content.subarray(content.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0);
}

function gunzip(bytes: Buffer, maxOutputLength: number): Buffer {
  try {
    return zlib.gunzipSync(bytes, { maxOutputLength });
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(maxOutputLength);
    throw new ContentError(
      'GZIP_DAMAGED',
      'the gzip data is damaged or cut off',
      'Download the list by hand and look at it.',
      { cause },
    );
  }
}

const tooLong = (maxBytes: number): ContentError =>
  new ContentError(
    'CONTENT_TOO_LONG',
    `the list is longer than ${maxBytes} bytes`,
    'Name a smaller list, or raise maxBytes.',
  );

/** @throws ContentError `FORMAT_UNKNOWN` */
export function recognise(content: Buffer, kind: ListKind): FormatName {
  const name = kind !== 'ip' ? recogniseTexts(content) : recogniseAddresses(content);
  if (name !== undefined) return name;
  throw new ContentError(
    'FORMAT_UNKNOWN',
    `the list has no known format: ${describe(content)}`,
    'Look at the source by hand, or set the format of the list.',
  );
}

/** The format of lines depends on what they hold. */
export const formatOf = (name: FormatName, kind: ListKind): ListFormat =>
  name === 'lines' && kind !== 'ip' ? textLines : FORMATS[name];

const isBinary = (content: Buffer): boolean => content.subarray(0, 65_536).includes(0);

const firstByteOf = (content: Buffer): string => content.subarray(0, 4096).toString('latin1').trimStart()[0] ?? '';

function recogniseTexts(content: Buffer): FormatName | undefined {
  const first = firstByteOf(content);
  if (isBinary(content) || first === '<') return undefined;
  return first === '[' && sampleOf(json, content).some((text) => text !== undefined) ? 'json' : 'lines';
}

function recogniseAddresses(content: Buffer): FormatName | undefined {
  if (isBinary(content)) return undefined;
  for (const line of take(linesOf(content), SAMPLE)) if (isTorLine(line ?? '')) return 'tor';
  // A line may start with a bracket too.
  const order: FormatName[] = /[[{]/.test(firstByteOf(content)) ? ['json', 'lines'] : ['lines', 'csv'];
  return order.find((name) => isReadable(sampleOf(FORMATS[name], content), name));
}

const sampleOf = (format: ListFormat, content: Buffer): Candidate[] => take(format.candidates(content), SAMPLE);

const countReadable = (sample: readonly Candidate[]): number =>
  sample.filter((text) => text !== undefined && parseEntry(text) !== undefined).length;

/** Lines of nothing but comments and blanks are an empty list, not an unknown format. */
const isReadable = (sample: readonly Candidate[], name: FormatName): boolean =>
  countReadable(sample) >= RECOGNISED_SHARE * sample.length && (sample.length > 0 || name === 'lines');

/** Without any of its text, which may be somebody's error page. */
function describe(content: Buffer): string {
  if (isBinary(content)) return 'binary data';
  const first = firstByteOf(content);
  if (first === '<') return 'a page of HTML or XML';
  if (first === '{' || first === '[') return describeJson(content);
  const sample = sampleOf(addressLines, content);
  return `text, of whose first ${sample.length} lines ${countReadable(sample)} are addresses`;
}
