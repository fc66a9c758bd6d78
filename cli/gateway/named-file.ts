// Files that a command line names: whatever keeps one from being read is said with its name.

import fs from 'node:fs';
import { describeFileFault } from '../../runtime/file-fault.ts';
import { UsageError } from '../exit.ts';
import { assertOwn } from '../key-files.ts';

/**
 * With a password.
 * @throws UsageError; StoreError `KEY_FILE_EXPOSED` if others may read it
 */
export function readNamedSecret(file: string, hint: string): Buffer {
  const content = readNamedFile(file, hint);
  assertOwn(file);
  return content;
}

/**
 * @param hint what it should be, and by which option it is named
 * @throws UsageError
 */
export function readNamedFile(file: string, hint: string, maxBytes = 2 ** 20): Buffer {
  try {
    const stat = fs.statSync(file);
    if (stat.isDirectory()) throw new UsageError(`${file} is a directory`, hint);
    if (stat.isFile() && stat.size > maxBytes) throw new UsageError(`${file} is too large`, hint);
    return fs.readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} ${describeFileFault(error)}`, hint);
  }
}
