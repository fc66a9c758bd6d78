// The key file: a secret key kept outside of its dataset, readable by its owner only (mode 0600).

import fs from 'node:fs';
import path from 'node:path';
import { CredveilError, ProtocolError } from '../protocol/errors.ts';
import { parseClientKeyText } from '../protocol/keys.ts';
import { parseTrustText } from '../protocol/signed/trust.ts';
import { type DatasetKey, parseKeyText } from './dataset-key.ts';
import { StoreError } from './errors.ts';
import { isMissing, openRegularFile, syncFolder } from './files.ts';
import { datasetAround, isInside } from './inside-dataset.ts';
import { describeWrongKey, type WantedKey } from './key-kind.ts';
import { parseSigningKeyText, type SigningKey } from './signing-key.ts';

/**
 * Writes a key to a new file with mode 0600. Throws EEXIST instead of replacing a file.
 * @throws StoreError `KEY_FILE_INSIDE_DATASET`
 */
export function writeKeyFile(file: string, key: { revealText(): string }): void {
  assertOutside(file);
  const handle = fs.openSync(file, 'wx', 0o600);
  try {
    fs.writeFileSync(handle, `${key.revealText()}\n`);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  syncFolder(path.dirname(path.resolve(file)));
}

/** Longer than any key. Bounds the read if a large file is named by mistake. */
const MAX_KEY_FILE_BYTES = 512;

export interface KeyFileAccess {
  /** Id of a group whose members may also read key files, for instance the fsGroup of a pod. */
  readonly group?: number;
}

/**
 * Reads the secret key of a dataset.
 * @throws StoreError `KEY_FILE_MISSING`, `KEY_FILE_EXPOSED`, `KEY_FILE_MALFORMED`
 */
export function openKeyFile(file: string, access: KeyFileAccess = {}): DatasetKey {
  return readSecretFile(file, { wanted: 'dataset', parse: parseKeyText }, access);
}

/** What clients of the suite `hmac` pin, as `credveil key pin` prints it. */
export interface PinLines {
  /** The secret line; of a key file, the secret alone. */
  readonly key: string;
  /** The line of the publisher, if snapshots are signed. */
  readonly trust?: string;
}

/**
 * Reads the lines that clients of the suite `hmac` pin, or a key alone.
 * @throws StoreError as `openKeyFile`
 */
export function openPinFile(file: string, access: KeyFileAccess = {}): PinLines {
  const parse = (text: string): PinLines => {
    const [key = '', trust, ...more] = text.trim().split(/\r?\n/);
    parseKeyText(key);
    if (trust === undefined) return { key };
    parseTrustText(more.length === 0 ? trust : '');
    return { key, trust };
  };
  return readSecretFile(file, { wanted: 'dataset', parse }, access);
}

/**
 * Reads the key of a client.
 * @returns its text in its only spelling
 * @throws StoreError as `openKeyFile`
 */
export function openClientKeyFile(file: string, access: KeyFileAccess = {}): string {
  return readSecretFile(file, { wanted: 'client', parse: parseClientKeyText }, access);
}

/**
 * Reads the key of a publisher, or a head key.
 * @throws StoreError as `openKeyFile`
 */
export function openSigningKeyFile(file: string, access: KeyFileAccess = {}): SigningKey {
  return readSecretFile(file, { wanted: 'signing', parse: parseSigningKeyText }, access);
}

const notKey = (file: string, why: string): StoreError =>
  new StoreError('KEY_FILE_MALFORMED', `key file ${file}: ${why}`, 'Name the file that holds the key.');

/** A secret to read from a file. */
export interface Secret<Key> {
  readonly wanted: WantedKey;
  /** Its CredveilErrors reach the caller, except ProtocolErrors. */
  readonly parse: (text: string) => Key;
  readonly maxBytes?: number;
}

/**
 * Reads a secret of any kind, from a file that only its owner can read.
 * @throws StoreError as `openKeyFile`
 */
export function readSecretFile<Key>(
  file: string,
  { wanted, parse, maxBytes = MAX_KEY_FILE_BYTES }: Secret<Key>,
  { group }: KeyFileAccess = {},
): Key {
  let handle: number;
  let text = '';
  try {
    handle = openRegularFile(file, (why) => notKey(file, why));
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const why = isMissing(cause) ? 'it does not exist' : 'it cannot be opened';
    throw new StoreError('KEY_FILE_MISSING', `key file ${file}: ${why}`, 'Name the file that holds the key.', {
      cause,
    });
  }
  try {
    const stat = fs.fstatSync(handle);
    // Parsed first: a file without a key needs another name, not another mode.
    const buffer = Buffer.alloc(maxBytes);
    const bytes = fs.readSync(handle, buffer, 0, buffer.length, 0);
    text = buffer.toString('latin1', 0, bytes);
    const key = parse(text);
    assertHidden(file, stat, group);
    return key;
  } catch (cause) {
    if (cause instanceof CredveilError && !(cause instanceof ProtocolError)) throw cause;
    const { why, hint } = describeWrongKey(text, wanted);
    throw new StoreError('KEY_FILE_MALFORMED', `key file ${file}: ${why}`, hint, { cause });
  } finally {
    fs.closeSync(handle);
  }
}

/** @throws StoreError `KEY_FILE_EXPOSED` if others than the owner may use the file */
export function assertHidden(file: string, { mode, uid, gid }: fs.Stats, group: number | undefined): void {
  const isReadByGroup = (mode & 0o077) === 0o040;
  // systemd's LoadCredential= grants access by an ACL, whose mask appears as the group's
  // permission.
  const isCredential = uid === 0 && gid === 0 && (mode & 0o777) === 0o440;
  if (process.platform === 'win32' || (mode & 0o077) === 0 || isCredential) return;
  if (isReadByGroup && gid === group) return;
  const ofGroup = isReadByGroup ? ` If group ${gid} is your own, set CREDVEIL_KEY_FILE_GROUP=${gid} instead.` : '';
  throw new StoreError(
    'KEY_FILE_EXPOSED',
    `key file ${file}: readable by group or others (mode ${(mode & 0o777).toString(8)})`,
    `Run: chmod 600 ${file} — and consider who may have read the key.${ofGroup}`,
  );
}

/**
 * Copies of a dataset must not contain its key, nor that of another.
 * @throws StoreError `KEY_FILE_INSIDE_DATASET`
 */
export function assertOutside(keyFile: string, folder?: string): void {
  if (datasetAround(keyFile) === undefined && (folder === undefined || !isInside(keyFile, folder))) return;
  throw new StoreError(
    'KEY_FILE_INSIDE_DATASET',
    `key file ${keyFile} would be inside a dataset`,
    'Keep keys outside of dataset folders, so that a copy of a dataset never includes a key.',
  );
}
