// The key file: the secret of a dataset, kept outside of it, mode 0600.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import type { HmacKey, KeyId } from '../protocol/brands.ts';
import { createHmacSuite, hmacKeyId, type KeyedSuite } from '../protocol/hmac-suite.ts';
import { formatHmacKey, HMAC_KEY_BYTES, parseHmacKey, parseHmacKeyText } from '../protocol/key.ts';
import { StoreError } from './errors.ts';
import { isMissing, syncFolder } from './files.ts';

/** Holds a secret key in memory. Printing, logging or serializing it shows its id only. */
export class DatasetKey {
  readonly #key: HmacKey;
  readonly keyId: KeyId;

  constructor(key: HmacKey) {
    this.#key = key;
    this.keyId = hmacKeyId(key);
  }

  createSuite(): KeyedSuite {
    return createHmacSuite(this.#key);
  }

  /** The secret as text, for a key file or a secret store. */
  revealText(): string {
    return formatHmacKey(this.#key);
  }

  toString(): string {
    return `[key ${this.keyId}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A fresh key from the platform's randomness. */
export function createDatasetKey(): DatasetKey {
  return new DatasetKey(parseHmacKey(randomBytes(HMAC_KEY_BYTES)));
}

/** Writes a key to a new file that only its owner can read. Fails with EEXIST rather than replace a key. */
export function writeKeyFile(file: string, key: DatasetKey): void {
  const handle = fs.openSync(file, 'wx', 0o600);
  try {
    fs.writeFileSync(handle, `${key.revealText()}\n`);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  syncFolder(path.dirname(path.resolve(file)));
}

/** Longer than any key: bounds what is read from a file named by mistake. */
const MAX_KEY_FILE_BYTES = 512;

/** @throws StoreError `KEY_FILE_MISSING`, `KEY_FILE_EXPOSED`, `KEY_FILE_MALFORMED` */
export function openKeyFile(file: string): DatasetKey {
  let handle: number;
  try {
    handle = fs.openSync(file, 'r');
  } catch (cause) {
    const why = isMissing(cause) ? 'there is no such file' : 'it cannot be opened';
    throw new StoreError('KEY_FILE_MISSING', `key file ${file}: ${why}`, 'Name the key file with --key-file.', {
      cause,
    });
  }
  try {
    const { mode } = fs.fstatSync(handle);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new StoreError(
        'KEY_FILE_EXPOSED',
        `key file ${file}: others than its owner may read it (mode ${(mode & 0o777).toString(8)})`,
        `Run: chmod 600 ${file} — and think about who may have read the key.`,
      );
    const buffer = Buffer.alloc(MAX_KEY_FILE_BYTES);
    const bytes = fs.readSync(handle, buffer, 0, buffer.length, 0);
    return new DatasetKey(parseHmacKeyText(buffer.toString('latin1', 0, bytes)));
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(
      'KEY_FILE_MALFORMED',
      `key file ${file}: it does not hold a Credveil key`,
      'Name the file that `credveil init` wrote, whole and unchanged.',
      { cause },
    );
  } finally {
    fs.closeSync(handle);
  }
}

/** @throws StoreError `KEY_FILE_INSIDE_DATASET`: who copies a dataset must not copy its key */
export function assertOutside(keyFile: string, folder: string): void {
  const inside = path.relative(realPath(folder), realPath(keyFile));
  if (!inside.startsWith('..') && !path.isAbsolute(inside))
    throw new StoreError(
      'KEY_FILE_INSIDE_DATASET',
      'the key file would be inside the dataset',
      'Keep the key beside or away from the dataset, so that a copy of the dataset never takes the key along.',
    );
}

/** The real path of a file that may not be there yet. */
function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    const parent = path.dirname(path.resolve(file));
    return parent === path.resolve(file) ? parent : path.join(realPath(parent), path.basename(file));
  }
}
