// A compressed body, decompressed piece by piece for whoever looks through it.

import { once } from 'node:events';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

export interface Decompression {
  /** Bytes that a decoder may keep of what it has decoded: its window. */
  readonly windowBytes: number;
  /** @param first two bytes, which no server may decode */
  isOther(first: Buffer): boolean;
  create(first: Buffer): Transform;
}

const GZIP_WINDOW = 2 ** 15;
const BROTLI_WINDOW = 2 ** 24;
/** RFC 9659 §3: content has no larger one. */
const ZSTD_WINDOW_LOG = 23;
/** What fails at its end has given all it had. */
const FLUSH = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

const gzip: Decompression = {
  windowBytes: GZIP_WINDOW,
  isOther: (first) => !isWrapped(first),
  create: () => zlib.createUnzip(FLUSH),
};
const isNever = (): boolean => false;

const DECOMPRESSIONS: ReadonlyMap<string, Decompression> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  [
    'deflate',
    {
      windowBytes: GZIP_WINDOW,
      isOther: isNever,
      // RFC 9110 §8.4.1.2: some send it without its wrapping.
      create: (first: Buffer) => (isWrapped(first) ? zlib.createUnzip(FLUSH) : zlib.createInflateRaw(FLUSH)),
    },
  ],
  [
    'br',
    {
      windowBytes: BROTLI_WINDOW,
      isOther: isNever,
      create: () => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
    },
  ],
  [
    'zstd',
    {
      windowBytes: 2 ** ZSTD_WINDOW_LOG,
      isOther: (first) => !isZstd(first),
      create: () =>
        zlib.createZstdDecompress({
          params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
          finishFlush: zlib.constants.ZSTD_e_flush,
        }),
    },
  ],
]);

/**
 * @param coding the value of Content-Encoding; undefined if there is none
 * @returns undefined if no server decodes it; `several` if one may decode it twice. What frames a
 * body or is unknown, such as `aws-chunked`, decodes nothing.
 */
export function decompressionOf(coding: string | undefined): Decompression | 'several' | undefined {
  const names = (coding ?? '').split(',').map((name) => name.trim().toLowerCase());
  const [first, ...others] = names.filter((name) => DECOMPRESSIONS.has(name));
  if (first === undefined) return undefined;
  return others.length > 0 ? 'several' : DECOMPRESSIONS.get(first);
}

/** By the heads of RFC 1952 §2.3.1 and RFC 1950 §2.2. */
export function isWrapped(bytes: Buffer): boolean {
  const head = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  return head === 0x1f8b || ((head & 0x0f00) === 0x0800 && head % 31 === 0);
}

/** The magic numbers of a frame and of one to skip (RFC 8878 §3.1). */
const isZstd = (bytes: Buffer): boolean =>
  bytes.readUInt16LE(0) === 0xb528 || (bytes.readUInt16LE(0) & 0xfff0) === 0x2a50;

/** Decoders write this much for little: more than any document, and quickly looked through. */
const FREE_BYTES = 2 ** 24;
/** Beyond it, by how much a body may grow: texts of logs and measurements by 30. */
const MAX_GROWTH = 200;

export class BodyDecoder {
  readonly #decompression: Decompression;
  readonly #onPiece: (piece: Buffer) => void;
  /** Less than its first two bytes, which tell how it is wrapped. */
  #first: Buffer = Buffer.alloc(0);
  #decoder: Transform | undefined;
  #isEnded = false;
  #fault: 'endless' | 'malformed' | undefined;
  #taken = 0;
  #given = 0;

  constructor(decompression: Decompression, onPiece: (piece: Buffer) => void) {
    this.#decompression = decompression;
    this.#onPiece = onPiece;
  }

  /** Why nobody can look through it. */
  get fault(): 'endless' | 'malformed' | undefined {
    return this.#fault;
  }

  /** Resolves once all that the piece is decoded to was given on. */
  async push(piece: Buffer): Promise<void> {
    if (this.#isEnded) return;
    this.#taken += piece.length;
    const bytes = this.#decoder ? piece : Buffer.concat([this.#first, piece]);
    if (bytes.length < 2 && !this.#decoder) {
      this.#first = bytes;
      return;
    }
    this.#decoder ??= this.#start(bytes);
    const decoder = this.#decoder;
    await new Promise<void>((resolve) => {
      decoder.once('close', resolve);
      decoder.write(bytes, () => {
        decoder.off('close', resolve);
        resolve();
      });
    });
  }

  /** Resolves once all was given on. */
  async end(): Promise<void> {
    const decoder = this.#decoder;
    if (!decoder || this.#isEnded) return;
    const isClosed = once(decoder, 'close');
    decoder.end();
    await isClosed;
  }

  destroy(): void {
    this.#isEnded = true;
    this.#decoder?.destroy();
  }

  #start(first: Buffer): Transform {
    const { create, isOther } = this.#decompression;
    return create(first)
      .on('data', (piece: Buffer) => {
        if (this.#isEnded) return;
        this.#given += piece.length;
        this.#onPiece(piece);
        if (this.#given > FREE_BYTES && this.#given > this.#taken * MAX_GROWTH) this.#fail('endless');
      })
      .on('error', () => {
        // What comes before the mistake may not have come out, and a server may take it.
        if (isOther(first)) this.#isEnded = true;
        else this.#fail('malformed');
      });
  }

  #fail(fault: 'endless' | 'malformed'): void {
    this.#fault ??= fault;
    this.destroy();
  }
}
