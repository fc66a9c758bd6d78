// Files for this user alone, replaced as a whole: a reader sees the old content or the new.

import fs from 'node:fs/promises';
import path from 'node:path';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

export async function makePrivateFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

/** @param modifiedAtMs the time of its last change; default: now */
export async function writePrivateFile(file: string, content: string | Uint8Array, modifiedAtMs = Date.now()) {
  // Workers may write the same file.
  const aside = `${file}.${process.pid}.part`;
  await fs.rm(aside, { force: true });
  try {
    const handle = await fs.open(aside, 'wx', PRIVATE_FILE);
    try {
      await handle.writeFile(content);
      await handle.utimes(modifiedAtMs / 1000, modifiedAtMs / 1000);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameFile(aside, file);
  } finally {
    await fs.rm(aside, { force: true });
  }
}

/** Durable on return. */
export async function renameFile(from: string, to: string): Promise<void> {
  await fs.rename(from, to);
  const folder = await fs.open(path.dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function appendToPrivateFile(file: string, text: string): Promise<void> {
  await fs.appendFile(file, text, { mode: PRIVATE_FILE });
}

/** Undefined if the file is missing. @throws Error for one of more than `maxBytes` */
export async function readWholeFile(
  file: string,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly modifiedAtMs: number } | undefined> {
  const handle = await fs.open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return undefined;
  try {
    const { size, mtimeMs } = await handle.stat();
    if (size > maxBytes) throw new Error('the file is too long');
    const bytes = new Uint8Array(size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read)
      read = (await handle.read(bytes, length, size - length, length)).bytesRead;
    return { bytes: length === size ? bytes : bytes.slice(0, length), modifiedAtMs: mtimeMs };
  } finally {
    await handle.close();
  }
}
