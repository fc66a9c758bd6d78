// Reads the files of a zip archive in the order of its directory (PKWARE APPNOTE, by yauzl).

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import yauzl, { type Entry } from 'yauzl';
import { writeFully } from '../../store/files.ts';
import { type Blocks, decodeWith, type NamedBlocks } from './blocks.ts';
import { ContainerError, corruptContainer } from './errors.ts';

const STORED = 0;
const DEFLATED = 8;
const BLOCK_BYTES = 1 << 18;

/**
 * @param read is called with the number of compressed bytes read
 * @throws ContainerError `CONTAINER_CORRUPT`, `CONTAINER_ENCRYPTED`, `CONTAINER_UNSUPPORTED`
 */
export async function* zipEntries(fd: number, read: (bytes: number) => void): AsyncGenerator<NamedBlocks> {
  const zip = await yauzl.fromFdPromise(fd, { autoClose: false, decodeStrings: false }).catch((cause: unknown) => {
    throw corruptContainer('zip', cause);
  });
  const entries = zip.eachEntry()[Symbol.asyncIterator]();
  for (;;) {
    const next = await entries.next().catch((cause: unknown) => {
      throw corruptContainer('zip', cause);
    });
    if (next.done) return;
    const entry: Entry = next.value;
    const slash = 0x2f;
    if (entry.fileNameRaw.at(-1) === slash) continue;
    assertReadable(entry);
    const raw = await zip.openReadStreamPromise(entry, { decodeFileData: false }).catch((cause: unknown) => {
      throw corruptContainer('zip', cause);
    });
    const content = entry.compressionMethod === STORED ? raw : inflate(raw, read);
    yield { name: entry.fileNameRaw.toString('utf8'), blocks: checked(entry, content, read) };
  }
}

function assertReadable(entry: Entry): void {
  if (entry.isEncrypted())
    throw new ContainerError(
      'CONTAINER_ENCRYPTED',
      'a zip archive has encrypted entries',
      'Unpack it with its password first, and ingest the folder.',
    );
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    throw new ContainerError(
      'CONTAINER_UNSUPPORTED',
      `a zip archive has entries of compression method ${entry.compressionMethod}`,
      'Unpack it with its own tool first, and ingest the folder.',
    );
}

function inflate(raw: Blocks, read: (bytes: number) => void): Blocks {
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const block of raw) {
      read(block.length);
      yield block;
    }
  }
  return decodeWith(zlib.createInflateRaw({ chunkSize: BLOCK_BYTES }), 'zip', counted());
}

/** Checks an entry against its length and CRC-32 in the directory. */
async function* checked(entry: Entry, blocks: Blocks, read: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  let crc = 0;
  for await (const block of blocks) {
    if (entry.compressionMethod === STORED) read(block.length);
    bytes += block.length;
    crc = zlib.crc32(block, crc);
    if (bytes > entry.uncompressedSize) throw corruptContainer('zip');
    yield block;
  }
  if (bytes !== entry.uncompressedSize || crc !== entry.crc32) throw corruptContainer('zip');
}

/**
 * Copies a zip from a stream to a file, since a zip is read from its end. The file is unlinked in
 * the temporary folder: the system deletes it when the process closes it or exits, however it
 * exits.
 */
export async function spool(blocks: Blocks): Promise<number> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-'));
  const file = path.join(folder, 'archive.zip');
  const fd = fs.openSync(file, 'wx+', 0o600);
  fs.rmSync(folder, { recursive: true });
  try {
    for await (const block of blocks) writeFully(fd, block, block.length);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}
