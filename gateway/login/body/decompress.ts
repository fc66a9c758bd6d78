// A compressed body, decompressed piece by piece for whoever looks through it, and only as every
// server would: what some read in another way is malformed.

import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

/** What stands in Content-Encoding: `raw` is deflate without the wrapping of RFC 1950. */
type Coding = 'gzip' | 'zlib' | 'raw' | 'br' | 'zstd';

export interface Decompression {
  /** Bytes that a decoder may keep of what it has decoded: its window. */
  readonly windowBytes: number;
  /**
   * @param first bytes: `FIRST` of them, or all
   * @returns `none` if no server decodes it, `malformed` if they read it in different ways
   */
  codingOf(first: Buffer): Coding | 'none' | 'malformed';
}

const FIRST = 5;
const DEFLATE_WINDOW = 2 ** 15;
/** What programs use unless they are told otherwise; the largest is four times as much. */
const BROTLI_WINDOW = 2 ** 22;
/** RFC 9659 §3: content has no larger one. */
const ZSTD_WINDOW_LOG = 23;

/** The head of RFC 1952 §2.3.1. */
const isGzip = (bytes: Buffer): boolean => bytes.length >= 2 && bytes.readUInt16BE(0) === 0x1f8b;

/** The head of RFC 1950 §2.2. */
function isZlib(bytes: Buffer): boolean {
  const head = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  return (head & 0x0f00) === 0x0800 && head % 31 === 0;
}

/** To a server that knows no wrapping, the head of zlib begins a stored block (RFC 1951 §3.2.4). */
const isStored = (bytes: Buffer): boolean =>
  bytes.length < FIRST || (bytes.readUInt16LE(1) ^ bytes.readUInt16LE(3)) === 0xffff;

/** @returns whether some servers take deflate with its wrapping for deflate without */
export const isDeflateTwice = (bytes: Buffer): boolean => isZlib(bytes) && isStored(bytes);

/** The magic numbers of a frame and of one to skip (RFC 8878 §3.1). */
const isZstd = (bytes: Buffer): boolean =>
  bytes.length >= 2 && (bytes.readUInt16LE(0) === 0xb528 || (bytes.readUInt16LE(0) & 0xfff0) === 0x2a50);

/** A window of 2^23 bytes or more (RFC 7932 §9.1). */
const isWide = ([first = 0]: Buffer): boolean => (first & 0b1101) === 0b1101;

// zlib's own readers take either wrapping.
const gzip: Decompression = {
  windowBytes: DEFLATE_WINDOW,
  codingOf: (first) => (isGzip(first) ? 'gzip' : isZlib(first) ? 'zlib' : 'none'),
};

const deflate: Decompression = {
  windowBytes: DEFLATE_WINDOW,
  // RFC 9110 §8.4.1.2: some send it without its wrapping.
  codingOf: (first) => (isDeflateTwice(first) ? 'malformed' : isGzip(first) ? 'gzip' : isZlib(first) ? 'zlib' : 'raw'),
};

const DECOMPRESSIONS: ReadonlyMap<string, Decompression> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', { windowBytes: BROTLI_WINDOW, codingOf: (first: Buffer) => (isWide(first) ? ('malformed' as const) : 'br') }],
  [
    'zstd',
    { windowBytes: 2 ** ZSTD_WINDOW_LOG, codingOf: (first: Buffer) => (isZstd(first) ? 'zstd' : ('none' as const)) },
  ],
]);

/** RFC 9110 §5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * @param coding the value of Content-Encoding; undefined if there is none
 * @returns undefined if no server decodes it; `unclear` if one may decode it twice, or finds the
 * name of a coding in what is none. What frames a body, such as `aws-chunked`, decodes nothing.
 */
export function decompressionOf(coding = 'identity'): Decompression | 'unclear' | undefined {
  const names = coding.split(',').map((name) => name.trim().toLowerCase());
  if (!names.every((name) => TOKEN.test(name))) return 'unclear';
  const [first, ...others] = names.filter((name) => DECOMPRESSIONS.has(name));
  if (first === undefined) return undefined;
  return others.length > 0 ? 'unclear' : DECOMPRESSIONS.get(first);
}

type Decoder = Transform & { readonly bytesWritten: number };

const CREATE: Readonly<Record<Coding, () => Decoder>> = {
  gzip: () => zlib.createGunzip(),
  zlib: () => zlib.createInflate(),
  raw: () => zlib.createInflateRaw(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
};

/** Decoders write this much for little: more than most documents, and quickly looked through. */
const FREE_BYTES = 2 ** 20;
/** Beyond it, by how much a body may grow: texts of logs and measurements by 30. */
const MAX_GROWTH = 100;

export type DecodingFault = 'endless' | 'malformed' | 'full';

export class BodyDecoder {
  readonly #decompression: Decompression;
  readonly #onPiece: (piece: Buffer) => void;
  readonly #hold: (bytes: number) => boolean;
  /** What came before it was known how to decode it. */
  #first: Buffer = Buffer.alloc(0);
  #decoder: Decoder | undefined;
  #coding: Coding | undefined;
  #isOver = false;
  #taken = 0;
  #given = 0;
  /** Why nobody can look through it. */
  fault: DecodingFault | undefined;

  /** @param hold makes room for the window, once it is known how to decode the body */
  constructor(
    decompression: Decompression,
    onPiece: (piece: Buffer) => void,
    hold: (bytes: number) => boolean = () => true,
  ) {
    this.#decompression = decompression;
    this.#onPiece = onPiece;
    this.#hold = hold;
  }

  /** Resolves once all that the piece is decoded to was given on. */
  async push(piece: Buffer): Promise<void> {
    if (this.#isOver) return;
    this.#taken += piece.length;
    if (this.#coding) return this.#decode(piece);
    this.#first = Buffer.concat([this.#first, piece]);
    if (this.#first.length >= FIRST) await this.#begin();
  }

  /** Resolves once all was given on. */
  async end(): Promise<void> {
    if (!this.#isOver && !this.#coding && this.#first.length > 0) await this.#begin();
    if (this.#isOver || !this.#decoder) return;
    const decoder = this.#decoder;
    await new Promise<void>((resolve) => {
      decoder.once('end', resolve).once('close', resolve).end();
    });
  }

  destroy(): void {
    this.#isOver = true;
    this.#decoder?.destroy();
  }

  async #begin(): Promise<void> {
    const coding = this.#decompression.codingOf(this.#first);
    if (coding === 'malformed') this.#fail('malformed');
    if (coding === 'none') this.#isOver = true;
    else if (!this.#hold(this.#decompression.windowBytes)) this.#fail('full');
    if (this.#isOver) return;
    this.#coding = coding as Coding;
    await this.#decode(this.#first);
  }

  /** A body of gzip may have several members, and one of zstd several frames. */
  async #decode(piece: Buffer): Promise<void> {
    let rest = piece;
    while (rest.length > 0 && !this.#isOver) {
      rest = this.#decoder ? rest : this.#behind(rest);
      if (rest.length === 0 || this.#isOver) return;
      this.#decoder ??= this.#start();
      rest = await this.#write(this.#decoder, rest);
    }
  }

  /** What follows the end of a member or frame. Zeros are padding to readers of gzip. */
  #behind(bytes: Buffer): Buffer {
    if (this.#given === 0 && bytes === this.#first) return bytes;
    const at = this.#coding === 'gzip' ? bytes.findIndex((byte) => byte !== 0) : 0;
    const rest = at < 0 ? bytes.subarray(bytes.length) : bytes.subarray(at);
    if (rest.length > 0 && this.#coding !== 'gzip' && this.#coding !== 'zstd') this.#fail('malformed');
    return rest;
  }

  /** @returns what the decoder has not taken, since it is at its end */
  #write(decoder: Decoder, piece: Buffer): Promise<Buffer> {
    const before = decoder.bytesWritten;
    return new Promise((resolve) => {
      const finish = (): void => {
        decoder.off('end', finish).off('close', finish);
        const rest = piece.subarray(decoder.bytesWritten - before);
        if (rest.length > 0 && this.#decoder === decoder) {
          this.#decoder = undefined;
          decoder.destroy();
        }
        resolve(rest);
      };
      decoder.once('end', finish).once('close', finish);
      decoder.write(piece, finish);
    });
  }

  #start(): Decoder {
    const decoder = CREATE[this.#coding as Coding]();
    return decoder
      .on('data', (piece: Buffer) => {
        if (this.#isOver) return;
        this.#given += piece.length;
        this.#onPiece(piece);
        if (this.#given > FREE_BYTES && this.#given > this.#taken * MAX_GROWTH) this.#fail('endless');
      })
      .on('error', () => {
        // What comes before the mistake may not have come out, and a server may take it.
        if (this.#decoder === decoder) this.#fail('malformed');
      });
  }

  #fail(fault: DecodingFault): void {
    this.fault ??= fault;
    this.destroy();
  }
}
