// The key of an installation, in a file of its own: every key that the gateway needs is derived
// from it.

import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { LOST_WITH_STATE, StateError } from './state.ts';

const KEY_BYTES = 32;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** What a derived key is for. No two uses share a key. */
export type KeyUse =
  | 'limit-names'
  | 'limit-places'
  | 'device-cookies'
  | 'handles'
  | 'event-names'
  | 'record-networks'
  | 'reports'
  | 'assertion-keys'
  | 'factor-names'
  | 'factor-secrets'
  | 'sessions'
  | 'state-mark'
  | 'sign-in'
  | 'hold-handles'
  | 'hold-cookies'
  | 'hold-logins';

/**
 * RFC 5869 with SHA-256. Of bytes, Node would make such an object anew at each hash: 22 µs, not 5.
 * @returns 32 bytes
 */
export const deriveKey = (gatewayKey: Uint8Array, use: KeyUse): KeyObject =>
  createSecretKey(
    Buffer.from(hkdfSync('sha256', gatewayKey, new Uint8Array(), `credveil gateway ${use} v1`, KEY_BYTES)),
  );

export const gatewayKeyFile = (stateDirectory: string): string => path.join(stateDirectory, 'gateway.key');

/**
 * Reads the key, and creates it first if there is none. Of processes that do so at once, all get
 * the same.
 * @throws StateError `GATEWAY_KEY_EXPOSED`, `GATEWAY_KEY_MALFORMED`, `GATEWAY_KEY_UNREADABLE`
 */
export function openGatewayKey(stateDirectory: string): Uint8Array {
  const file = gatewayKeyFile(stateDirectory);
  try {
    if (!fs.existsSync(file)) createKey(file);
    return readKey(file);
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError(
      'GATEWAY_KEY_UNREADABLE',
      `${file} cannot be read or created`,
      'Let this user write to stateDirectory, and own the file.',
      { cause },
    );
  }
}

/** The file appears whole: it is written under another name, and linked to its own. */
function createKey(file: string): void {
  const folder = path.dirname(file);
  fs.mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const aside = `${file}.${randomBytes(8).toString('hex')}`;
  const handle = fs.openSync(aside, 'wx', PRIVATE_FILE);
  try {
    fs.writeSync(handle, randomBytes(KEY_BYTES));
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  try {
    fs.linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    fs.unlinkSync(aside);
  }
  const directory = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

function readKey(file: string): Uint8Array {
  const handle = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  try {
    const stat = fs.fstatSync(handle);
    if ((stat.mode & 0o077) !== 0)
      throw new StateError(
        'GATEWAY_KEY_EXPOSED',
        `${file} can be read by other users`,
        `Run chmod 600 ${file}. If others may have read it, delete it and the state beside it: ${LOST_WITH_STATE}.`,
      );
    const key = Buffer.alloc(KEY_BYTES);
    if (!stat.isFile() || stat.size !== KEY_BYTES || fs.readSync(handle, key) !== KEY_BYTES)
      throw new StateError(
        'GATEWAY_KEY_MALFORMED',
        `${file} does not have the ${KEY_BYTES} bytes of a key`,
        `Restore it from a backup, or delete it and the state beside it: ${LOST_WITH_STATE}.`,
      );
    return key;
  } finally {
    fs.closeSync(handle);
  }
}
