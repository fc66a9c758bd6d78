// A list in a file, which another program replaces.

import { constants, type Stats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { originOf, type Reading, type Source, SourceError, tooLong } from './source.ts';

export function createFileSource(file: string, maxBytes: number): Source {
  return {
    origin: originOf('file', file),
    read: async (validator) => {
      const handle = await open(file);
      try {
        return await readOpen(handle, validator, maxBytes);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Opening a pipe would wait for its writer. */
async function open(file: string): Promise<FileHandle> {
  try {
    return await fs.open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing)
      throw new SourceError('FILE_MISSING', 'the file of the list is missing', 'Create it, or name another file.', {
        cause,
      });
    throw unreadable(cause);
  }
}

async function readOpen(handle: FileHandle, validator: string, maxBytes: number): Promise<Reading> {
  const before = await handle.stat();
  if (!before.isFile()) throw unreadable();
  if (before.size > maxBytes) throw tooLong(maxBytes);
  const found = { validator: validatorOf(before), confirmedAtMs: Math.min(before.mtimeMs, Date.now()) };
  if (found.validator === validator) return { ...found, bytes: undefined };
  const bytes = new Uint8Array(before.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  // Half a list would pass for a whole one.
  if (length < bytes.length || validatorOf(await handle.stat()) !== found.validator) throw changing();
  return { ...found, bytes };
}

const validatorOf = ({ mtimeMs, size, ino }: Stats): string => `${mtimeMs} ${size} ${ino}`;

const unreadable = (cause?: unknown): SourceError =>
  new SourceError(
    'FILE_UNREADABLE',
    'the file of the list cannot be read',
    'Let the user of the gateway read it, and see that it is a regular file.',
    { cause },
  );

const changing = (): SourceError =>
  new SourceError(
    'FILE_CHANGING',
    'the file of the list changed while it was read',
    'Write it under another name and rename it.',
  );
