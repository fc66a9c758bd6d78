// Types of the parts of unbzip2-stream that are used: it has none of its own.

declare module 'unbzip2-stream/lib/bit_iterator.js' {
  /** Reads bits; null skips to the next whole byte. */
  export interface BitReader {
    (bits: number | null): number;
    bytesRead: number;
  }
  export default function createBitReader(nextBuffer: () => Uint8Array | undefined): BitReader;
}

declare module 'unbzip2-stream/lib/bzip2.js' {
  import type { BitReader } from 'unbzip2-stream/lib/bit_iterator.js';

  const bzip2: {
    /** @returns the size of blocks, in units of 100,000 bytes */
    header(bits: BitReader): number;
    /** @returns the CRC of the stream so far; null at its end */
    decompress(
      bits: BitReader,
      write: (byte: number) => void,
      numbers: Int32Array,
      length: number,
      crc: number,
    ): number | null;
  };
  export default bzip2;
}
