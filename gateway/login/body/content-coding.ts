// Compressed bodies: decoded as far as a login may be long, and only if that is all there is.

import zlib from 'node:zlib';
import { isDeflateTwice } from './decompress.ts';

export type Decoded =
  | { readonly body: Buffer; readonly isCoded: boolean }
  | { readonly fault: 'unknown' | 'malformed' | 'large' };

const GZIP_HEADER = 10;
const GZIP_TRAILER = 8;

/** @param coding the value of Content-Encoding; undefined if there is none */
export function decodeBody(bytes: Buffer, coding: string | undefined, maxBytes: number): Decoded {
  const name = coding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return { body: bytes, isCoded: false };
  const decode = DECODERS.get(name);
  if (!decode) return { fault: 'unknown' };
  try {
    const body = decode(bytes, maxBytes);
    return body ? { body, isCoded: true } : { fault: 'malformed' };
  } catch (error) {
    return { fault: (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'large' : 'malformed' };
  }
}

type Decode = (bytes: Buffer, maxBytes: number) => Buffer | undefined;

/** With `info`, zlib returns how much of the input it took. */
interface Informed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

const whole = ({ buffer, engine }: Informed, length: number): Buffer | undefined =>
  engine.bytesWritten === length ? buffer : undefined;

const deflate: Decode = (bytes, maxOutputLength) =>
  isDeflateTwice(bytes)
    ? undefined
    : whole(zlib.inflateSync(bytes, { maxOutputLength, info: true }) as unknown as Informed, bytes.length);

const brotli: Decode = (bytes, maxOutputLength) =>
  whole(zlib.brotliDecompressSync(bytes, { maxOutputLength, info: true }) as unknown as Informed, bytes.length);

/**
 * One member, and no file name, comment or extra field: decoders differ in what they make of more,
 * and those that decode nothing see it in clear.
 */
const gzip: Decode = (bytes, maxOutputLength) => {
  const end = bytes.length - GZIP_TRAILER;
  if (end < GZIP_HEADER || bytes.readUInt32BE(0) !== 0x1f8b0800) return undefined;
  const inner = bytes.subarray(GZIP_HEADER, end);
  const body = whole(zlib.inflateRawSync(inner, { maxOutputLength, info: true }) as unknown as Informed, inner.length);
  const isRight = body && bytes.readUInt32LE(end) === zlib.crc32(body) && bytes.readUInt32LE(end + 4) === body.length;
  return isRight ? body : undefined;
};

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', brotli],
]);
