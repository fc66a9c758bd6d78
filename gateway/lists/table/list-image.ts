// A list as one piece of bytes: what its file contains, and what a process searches as it is.
//
// A magic number, the byte order of the machine, the length of the header, SHA-256 of the rest, the
// header as JSON, then the columns. The file is a copy of what the source delivers: an image of
// another machine or version counts as damaged, and the source is read again.

import { createHash } from 'node:crypto';
import type { AddressColumns } from './address-table.ts';
import { digestInTurns } from './digest.ts';
import type { TextColumns } from './text-table.ts';

/** What is known of the content besides its entries. */
export interface ImageHeader {
  /** Names the source without repeating it: a copy of another source is of no use. */
  readonly origin: string;
  /** SHA-256 of what the source delivered, in hex. */
  readonly content: string;
  /** What the source needs to say that nothing has changed: an entity tag, a time of change. */
  readonly validator: string;
  /** Entries that the source has and the list has not, since no feed may contain them. */
  readonly leftOut: number;
}

export type Columns =
  | { readonly kind: 'ip'; readonly columns: AddressColumns }
  | { readonly kind: 'string'; readonly columns: TextColumns };

export interface ListImage {
  readonly header: ImageHeader;
  readonly columns: Columns;
}

const MAGIC = 'CRVLIST1';
const ORDER = 0x01020304;
/** Magic, order, length of the header, digest. */
const HEAD_BYTES = 48;
const DIGEST_AT = 16;
const MAX_HEADER_BYTES = 16_384;

/** How large a list is, to tell a list that grew from one that was replaced. */
export interface ListSize {
  /** Ranges that neither overlap nor touch, or texts. */
  readonly entries: number;
  /** Of IPv4. 0 for texts. */
  readonly addresses4: number;
  /** Networks of 64 bits of IPv6. 0 for texts. */
  readonly networks6: number;
}

export function sizeOf({ kind, columns }: Columns): ListSize {
  if (kind === 'string') return { entries: columns.offsets.length - 1, addresses4: 0, networks6: 0 };
  const { starts4, ends4, starts6, ends6 } = columns;
  let [addresses4, networks6] = [0, 0];
  for (let i = 0; i < starts4.length; i++) addresses4 += (ends4[i] as number) - (starts4[i] as number) + 1;
  for (let i = 0; i < starts6.length; i += 4) networks6 += networksBetween(starts6, ends6, i);
  return { entries: starts4.length + starts6.length / 4, addresses4, networks6 };
}

/** Of 64 bits; the differences of words are exact, where those of their sums would not be. */
const networksBetween = (starts: Uint32Array, ends: Uint32Array, at: number): number =>
  ((ends[at] as number) - (starts[at] as number)) * 2 ** 32 + (ends[at + 1] as number) - (starts[at + 1] as number) + 1;

interface StoredHeader extends ImageHeader {
  readonly kind: 'ip' | 'string';
  /** Words of the columns of words, then bytes of the last one. */
  readonly lengths: readonly number[];
}

export function encodeImage(header: ImageHeader, { kind, columns }: Columns): Uint8Array<ArrayBuffer> {
  const words = kind === 'ip' ? [columns.starts4, columns.ends4, columns.starts6, columns.ends6] : [columns.offsets];
  const texts = kind === 'ip' ? new Uint8Array() : columns.bytes;
  const stored: StoredHeader = { ...header, kind, lengths: [...words.map(({ length }) => length), texts.length] };
  const json = padded(JSON.stringify(stored));
  const parts = [
    json,
    ...words.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
    texts,
  ];
  const image = new Uint8Array(HEAD_BYTES + parts.reduce((sum, { length }) => sum + length, 0));
  let at = HEAD_BYTES;
  for (const part of parts) {
    image.set(part, at);
    at += part.length;
  }
  image.set(Buffer.from(MAGIC, 'latin1'));
  new Uint32Array(image.buffer, 8, 2).set([ORDER, json.length]);
  image.set(createHash('sha256').update(image.subarray(HEAD_BYTES)).digest(), DIGEST_AT);
  return image;
}

/**
 * Checks the whole image, in turns of the event loop. The list searches `image` itself from then
 * on.
 * @param image from offset 0 of its buffer
 * @returns undefined if it is damaged
 */
export async function decodeImage(image: Uint8Array<ArrayBuffer>): Promise<ListImage | undefined> {
  if (image.length < HEAD_BYTES || image.byteOffset !== 0) return undefined;
  const [order, headerBytes = 0] = new Uint32Array(image.buffer, 8, 2);
  const isOurs = Buffer.from(image.subarray(0, MAGIC.length)).toString('latin1') === MAGIC && order === ORDER;
  if (!isOurs || headerBytes > MAX_HEADER_BYTES || headerBytes % 4 !== 0) return undefined;
  const digest = await digestInTurns(image.subarray(HEAD_BYTES));
  if (!digest.equals(image.subarray(DIGEST_AT, HEAD_BYTES))) return undefined;
  const stored = parseHeader(image.subarray(HEAD_BYTES, HEAD_BYTES + headerBytes));
  if (!stored) return undefined;
  const { kind, lengths, ...header } = stored;
  const columns = columnsOf(kind, lengths, image, HEAD_BYTES + headerBytes);
  return columns && { header, columns };
}

// By hand: a worker that reads a list has no other use for zod, which would take it 18 MiB.
function parseHeader(bytes: Uint8Array): StoredHeader | undefined {
  try {
    const stored: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isStoredHeader(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

function isStoredHeader(stored: unknown): stored is StoredHeader {
  if (typeof stored !== 'object' || stored === null) return false;
  const { kind, origin, content, validator, leftOut, lengths, ...others } = stored as {
    readonly [key: string]: unknown;
  };
  return (
    (kind === 'ip' || kind === 'string') &&
    [origin, content, validator].every((text) => typeof text === 'string') &&
    Array.isArray(lengths) &&
    [leftOut, ...lengths].every((length) => Number.isSafeInteger(length) && length >= 0) &&
    Object.keys(others).length === 0
  );
}

function columnsOf(
  kind: StoredHeader['kind'],
  lengths: readonly number[],
  image: Uint8Array<ArrayBuffer>,
  from: number,
): Columns | undefined {
  const words = lengths.slice(0, -1);
  const bytes = 4 * words.reduce((sum, length) => sum + length, 0) + (lengths.at(-1) ?? 0);
  if (from + bytes !== image.length) return undefined;
  let at = from;
  const [first, second, third, fourth] = words.map((length) => {
    const column = new Uint32Array(image.buffer, at, length);
    at += column.byteLength;
    return column;
  });
  if (kind === 'string') return first && { kind, columns: { offsets: first, bytes: image.subarray(at) } };
  const isWhole = first && second && third && fourth;
  return isWhole && { kind, columns: { starts4: first, ends4: second, starts6: third, ends6: fourth } };
}

/** With spaces, so that the columns of words start at a multiple of four. */
function padded(json: string): Uint8Array {
  const length = Math.ceil(Buffer.byteLength(json) / 4) * 4;
  return Buffer.alloc(length, ' ').fill(json, 0, Buffer.byteLength(json));
}
