// Writes the archive of a source while its corpus is read: compressed and encrypted to a recipient
// who is elsewhere. No plaintext comes to the disk, and nothing is visible before `commit`.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import zlib from 'node:zlib';
import { Encrypter } from 'age-encryption';
import { archivePath, type Dataset, PRIVATE_FOLDER, workFolder } from '../../store/dataset.ts';
import { publishFile } from '../../store/files.ts';
import { IngestError } from '../errors.ts';
import {
  ARCHIVE_MAGIC,
  type ArchiveFooter,
  type ArchiveHeader,
  MAX_BLOCK_BYTES,
  TEXT_MARK,
  type TextHeader,
} from './archive-format.ts';

/** Lists of credentials shrink to a third; higher levels take much longer for little more. */
const COMPRESSION_LEVEL = 6;

/** @throws IngestError `RECIPIENT_MALFORMED`; the message never quotes the text */
export function parseRecipient(text: string): Encrypter {
  if (/^age-secret-key-/i.test(text))
    throw new IngestError(
      'RECIPIENT_MALFORMED',
      'that is a secret identity, and it now stands in the history of your shell',
      'Make a new one with age-keygen where archives will be opened, and pass its public line, age1…, here.',
    );
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(text);
  } catch {
    throw new IngestError(
      'RECIPIENT_MALFORMED',
      'the recipient is not one of age',
      'Pass the whole public line that age-keygen prints: age1…',
    );
  }
  return encrypter;
}

/** An archive that is whole, under a temporary name. */
export interface FinishedArchive {
  /** Makes it visible, in place of an earlier one. */
  commit(): void;
  discard(): void;
}

export class ArchiveWriter {
  readonly #aside: string;
  readonly #target: string;
  readonly #compressor = zlib.createZstdCompress({
    params: { [zlib.constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL },
  });
  readonly #written: Promise<void>;

  private constructor(aside: string, target: string, encrypter: Encrypter) {
    this.#aside = aside;
    this.#target = target;
    fs.rmSync(aside, { force: true });
    const file = fs.createWriteStream(aside, { flags: 'wx', mode: 0o600 });
    const compressed = Readable.toWeb(this.#compressor) as ReadableStream<Uint8Array>;
    this.#written = encrypter
      .encrypt(compressed as Parameters<Encrypter['encrypt']>[0] & ReadableStream<Uint8Array>)
      .then((sealed) => pipeline(Readable.fromWeb(sealed as unknown as ReadableStream<Uint8Array>), file));
    // `write` and `finish` report it.
    this.#written.catch(() => {});
  }

  static async open(dataset: Dataset, encrypter: Encrypter, header: ArchiveHeader): Promise<ArchiveWriter> {
    fs.mkdirSync(workFolder(dataset), PRIVATE_FOLDER);
    const aside = path.join(workFolder(dataset), `${header.source}.age.part`);
    const writer = new ArchiveWriter(aside, archivePath(dataset, header.source), encrypter);
    await writer.#write(ARCHIVE_MAGIC);
    await writer.#writeCounted(Buffer.from(JSON.stringify(header)));
    return writer;
  }

  /** Begins a text, whose content follows. */
  async beginText(header: TextHeader): Promise<void> {
    const mark = Buffer.alloc(4);
    mark.writeUInt32BE(TEXT_MARK);
    await this.#write(mark);
    await this.#writeCounted(Buffer.from(JSON.stringify(header)));
  }

  /** Appends content. The caller may reuse its bytes afterwards. */
  async write(content: Uint8Array): Promise<void> {
    for (let at = 0; at < content.length; at += MAX_BLOCK_BYTES)
      await this.#writeCounted(content.subarray(at, at + MAX_BLOCK_BYTES));
  }

  async finish(footer: ArchiveFooter): Promise<FinishedArchive> {
    await this.#write(Buffer.alloc(4));
    await this.#writeCounted(Buffer.from(JSON.stringify(footer)));
    this.#compressor.end();
    await this.#written;
    return {
      commit: () => {
        fs.mkdirSync(path.dirname(this.#target), PRIVATE_FOLDER);
        publishFile(this.#aside, this.#target);
      },
      discard: () => fs.rmSync(this.#aside, { force: true }),
    };
  }

  /** Ends an unfinished archive and deletes it. */
  async abort(): Promise<void> {
    this.#compressor.destroy();
    await this.#written.catch(() => {});
    fs.rmSync(this.#aside, { force: true });
  }

  async #writeCounted(bytes: Uint8Array): Promise<void> {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    await this.#write(length);
    await this.#write(bytes);
  }

  /** Waits until the compressor has taken the bytes, or what follows it has failed. */
  async #write(bytes: Uint8Array): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      this.#compressor.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    // A pipeline that ended early would leave the write waiting.
    await Promise.race([
      taken,
      this.#written.then(() => {
        throw new Error('the archive ended early');
      }),
    ]);
  }
}
