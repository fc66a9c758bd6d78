// Reads an archive: decrypts, decompresses and checks it block by block. What comes of it counts
// only once the footer has been read.

import fs from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import zlib from 'node:zlib';
import { Decrypter } from 'age-encryption';
import { openRegularFile } from '../../store/files.ts';
import { readSecretFile } from '../../store/key-file.ts';
import { IngestError } from '../errors.ts';
import {
  ARCHIVE_MAGIC,
  type ArchiveFooter,
  type ArchiveHeader,
  corruptArchive,
  MAX_BLOCK_BYTES,
  MAX_FOOTER_BYTES,
  MAX_HEADER_BYTES,
  parseArchiveFooter,
  parseArchiveHeader,
  parseTextHeader,
  TEXT_MARK,
  type TextHeader,
} from './archive-format.ts';

const READ_BYTES = 1 << 18;
const MAX_IDENTITY_BYTES = 1 << 16;

/**
 * Reads a file of age identities, one a line; lines of # are comments.
 * @throws StoreError as for key files; IngestError `IDENTITY_MALFORMED`
 */
export function openIdentityFile(file: string): Decrypter {
  const parse = (text: string): Decrypter => {
    const decrypter = new Decrypter();
    const lines = text.split('\n').map((line) => line.trim());
    const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
    try {
      if (identities.length === 0) throw new Error('none');
      for (const identity of identities) decrypter.addIdentity(identity);
    } catch {
      throw new IngestError(
        'IDENTITY_MALFORMED',
        `identity file ${file}: not a list of age identities`,
        'Name the file that age-keygen wrote: one line AGE-SECRET-KEY-1…',
      );
    }
    return decrypter;
  };
  return readSecretFile(file, { wanted: 'identity', parse, maxBytes: MAX_IDENTITY_BYTES });
}

/** Takes the texts of an archive, one after another. */
export interface ArchiveSink {
  /** Begins a text. */
  text(header: TextHeader): void | Promise<void>;
  /** @param bytesRead the number of bytes of the file read so far */
  content(block: Buffer, bytesRead: number): void | Promise<void>;
}

export interface OpenArchive {
  readonly file: string;
  readonly header: ArchiveHeader;
  /**
   * Reads the texts from the start, without a sink to check them alone.
   * @throws IngestError `ARCHIVE_CORRUPT`
   */
  read(sink?: ArchiveSink, signal?: AbortSignal): Promise<ArchiveFooter>;
}

/** @throws IngestError `IDENTITY_MISMATCH`, `ARCHIVE_CORRUPT` */
export async function openArchive(file: string, identities: Decrypter): Promise<OpenArchive> {
  const parts = readParts(file, identities, () => undefined);
  try {
    const { value } = await parts.next();
    if (!value || !('header' in value)) throw corruptArchive('it has no description');
    return { file, header: value.header, read: (sink, signal) => readContent(file, identities, sink, signal) };
  } finally {
    await parts.return(undefined);
  }
}

async function readContent(
  file: string,
  identities: Decrypter,
  sink: ArchiveSink | undefined,
  signal: AbortSignal | undefined,
): Promise<ArchiveFooter> {
  let bytesRead = 0;
  let footer: ArchiveFooter | undefined;
  const parts = readParts(file, identities, (bytes) => {
    bytesRead += bytes;
  });
  for await (const part of parts) {
    signal?.throwIfAborted();
    if ('text' in part) await sink?.text(part.text);
    if ('content' in part) await sink?.content(part.content, bytesRead);
    if ('footer' in part) footer = part.footer;
  }
  if (!footer) throw corruptArchive('it is truncated');
  return footer;
}

type ArchivePart =
  | { readonly header: ArchiveHeader }
  | { readonly text: TextHeader }
  | { readonly content: Buffer }
  | { readonly footer: ArchiveFooter };

async function* readParts(
  file: string,
  identities: Decrypter,
  onBytes: (bytes: number) => void,
): AsyncGenerator<ArchivePart> {
  const input = new ExactReader(decrypted(file, identities, onBytes));
  try {
    if (!(await input.take(ARCHIVE_MAGIC.length)).equals(ARCHIVE_MAGIC))
      throw corruptArchive('not an archive of Credveil, or one of another version');
    yield { header: parseArchiveHeader(await input.takeCounted(1, MAX_HEADER_BYTES)) };
    let hasText = false;
    for (let bytes = await input.takeLength(); bytes > 0; bytes = await input.takeLength()) {
      if (bytes === TEXT_MARK) yield { text: parseTextHeader(await input.takeCounted(1, MAX_HEADER_BYTES)) };
      else if (bytes <= MAX_BLOCK_BYTES && hasText) yield { content: await input.take(bytes) };
      else throw corruptArchive('a length is out of range');
      hasText = true;
    }
    const footer = parseArchiveFooter(await input.takeCounted(1, MAX_FOOTER_BYTES));
    await input.expectEnd();
    yield { footer };
  } finally {
    await input.close();
  }
}

/** The plaintext of an archive. Each block was authenticated. */
async function* decrypted(
  file: string,
  identities: Decrypter,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const fd = openRegularFile(file, (why) => corruptArchive(`${file} is ${why}`));
  const stored = fs.createReadStream('', { fd, highWaterMark: READ_BYTES });
  stored.on('data', (block) => onBytes(block.length));
  stored.pause();
  const decompressor = zlib.createZstdDecompress();
  try {
    const sealed = Readable.toWeb(stored) as ReadableStream<Uint8Array>;
    const plain = await openSealed(identities, sealed);
    const compressed = Readable.fromWeb(plain);
    compressed.on('error', (error) => decompressor.destroy(error));
    compressed.pipe(decompressor);
    for await (const block of decompressor) yield block as Buffer;
  } catch (cause) {
    if (cause instanceof IngestError) throw cause;
    throw corruptArchive('it was altered or is truncated', cause);
  } finally {
    stored.destroy();
    decompressor.destroy();
  }
}

async function openSealed(
  identities: Decrypter,
  sealed: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  try {
    return (await identities.decrypt(sealed as never)) as unknown as ReadableStream<Uint8Array>;
  } catch (cause) {
    if (!/no identity matched/.test(String((cause as Error).message)))
      throw corruptArchive('it is no age file, or was altered', cause);
    throw new IngestError(
      'IDENTITY_MISMATCH',
      'no identity of the file opens this archive',
      'Name the identity whose public line was given as --archive when the archive was made.',
    );
  }
}

/** Reads exact numbers of bytes from blocks. */
class ExactReader {
  readonly #blocks: AsyncGenerator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(blocks: AsyncGenerator<Buffer>) {
    this.#blocks = blocks;
  }

  /** @throws IngestError `ARCHIVE_CORRUPT` if the blocks end before */
  async take(bytes: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for (let missing = bytes; missing > 0; ) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#blocks.next();
        if (done) throw corruptArchive('it is truncated');
        this.#rest = value;
        continue;
      }
      const part = this.#rest.subarray(0, missing);
      taken.push(part);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
    }
    return Buffer.concat(taken);
  }

  async takeLength(): Promise<number> {
    return (await this.take(4)).readUInt32BE();
  }

  /** Reads a length, then so many bytes. */
  async takeCounted(least: number, most: number): Promise<Buffer> {
    const bytes = await this.takeLength();
    if (bytes < least || bytes > most) throw corruptArchive('a length is out of range');
    return this.take(bytes);
  }

  async expectEnd(): Promise<void> {
    if (this.#rest.length > 0 || !(await this.#blocks.next()).done) throw corruptArchive('bytes follow its end');
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined);
  }
}
