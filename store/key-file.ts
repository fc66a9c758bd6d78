// The key file: the secret of a dataset, kept outside of it, mode 0600.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import type {
  BlindedElement,
  EvaluatedElement,
  HmacKey,
  KeyId,
  OprfSecretKey,
  Proof,
  PublicKey,
} from '../protocol/brands.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { createHmacSuite, hmacKeyId } from '../protocol/hmac-suite.ts';
import {
  formatHmacKey,
  formatOprfKey,
  HMAC_KEY_BYTES,
  parseClientKeyText,
  parseHmacKey,
  parseHmacKeyText,
  splitOprfKeyText,
} from '../protocol/keys.ts';
import { createNobleOprf, type Oprf, type OprfKeyPair, parseScalar } from '../protocol/oprf.ts';
import { createOprfSuite, KEY_INFO, oprfKeyId } from '../protocol/oprf-suite.ts';
import type { KeyedSuite, SuiteName } from '../protocol/suite.ts';
import { StoreError } from './errors.ts';
import { isMissing, syncFolder } from './files.ts';

type Secret =
  | { readonly suite: 'hmac'; readonly key: HmacKey }
  | { readonly suite: 'oprf'; readonly keys: OprfKeyPair };

/** Holds a secret key in memory. Printing, logging or serializing it shows its id only. */
export class DatasetKey {
  readonly #secret: Secret;
  readonly suite: SuiteName;
  readonly keyId: KeyId;
  /** Under `oprf` alone. */
  readonly publicKey: PublicKey | undefined;

  constructor(secret: Secret) {
    this.#secret = secret;
    this.suite = secret.suite;
    this.keyId = secret.suite === 'hmac' ? hmacKeyId(secret.key) : oprfKeyId(secret.keys.publicKey);
    this.publicKey = secret.suite === 'hmac' ? undefined : secret.keys.publicKey;
  }

  /** @param oprf evaluates under the `oprf` suite: libsodium where speed counts */
  createSuite(oprf: Oprf = createNobleOprf()): KeyedSuite {
    const secret = this.#secret;
    if (secret.suite === 'hmac') return createHmacSuite(secret.key);
    const { secretKey, publicKey } = secret.keys;
    return { ...createOprfSuite(publicKey), evaluate: (input) => oprf.evaluate(secretKey, input) };
  }

  /** What a server does for its callers under `oprf`. Undefined under `hmac`, where it has nothing to do with the key. */
  createEvaluator(oprf: Oprf = createNobleOprf()): Evaluator | undefined {
    const secret = this.#secret;
    if (secret.suite === 'hmac') return undefined;
    const { keys } = secret;
    return {
      publicKey: keys.publicKey,
      blindEvaluate: (elements) => oprf.blindEvaluate(keys.secretKey, elements),
      prove: (elements) => oprf.prove(keys, elements),
    };
  }

  /** The secret as text, for a key file or a secret store. */
  revealText(): string {
    const secret = this.#secret;
    return secret.suite === 'hmac'
      ? formatHmacKey(secret.key)
      : formatOprfKey(secret.keys.secretKey, secret.keys.publicKey);
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

/** Evaluates for callers who do not hold the key, without seeing what it evaluates. */
export interface Evaluator {
  readonly publicKey: PublicKey;
  /** @throws ProtocolError for an element that is not of the group */
  blindEvaluate(blindedElements: readonly BlindedElement[]): EvaluatedElement[];
  prove(blindedElements: readonly BlindedElement[]): Proof;
}

/** A fresh key from the platform's randomness. */
export function createDatasetKey(suite: SuiteName = 'hmac'): DatasetKey {
  const seed = randomBytes(HMAC_KEY_BYTES);
  if (suite === 'hmac') return new DatasetKey({ suite, key: parseHmacKey(seed) });
  return new DatasetKey({ suite, keys: createNobleOprf().deriveKeyPair(seed, KEY_INFO) });
}

/** @throws ProtocolError `KEY_MALFORMED`, `SCALAR_MALFORMED` */
export function parseKeyText(text: string): DatasetKey {
  if (!text.startsWith('credveil-oprf-')) return new DatasetKey({ suite: 'hmac', key: parseHmacKeyText(text) });
  const { keyId, scalar } = splitOprfKeyText(text);
  const secretKey: OprfSecretKey = parseScalar(scalar);
  const key = new DatasetKey({ suite: 'oprf', keys: { secretKey, publicKey: createNobleOprf().publicKey(secretKey) } });
  if (key.keyId !== keyId)
    throw new ProtocolError(
      'KEY_MALFORMED',
      'key: its id and its secret do not belong together',
      'Give the whole line.',
    );
  return key;
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
  return readKeyFile(file, parseKeyText);
}

/**
 * The key of a client, as text.
 * @throws StoreError as `openKeyFile`
 */
export function openClientKeyFile(file: string): string {
  return readKeyFile(file, parseClientKeyText);
}

function readKeyFile<Key>(file: string, parse: (text: string) => Key): Key {
  let handle: number;
  try {
    handle = fs.openSync(file, 'r');
  } catch (cause) {
    const why = isMissing(cause) ? 'there is no such file' : 'it cannot be opened';
    throw new StoreError('KEY_FILE_MISSING', `key file ${file}: ${why}`, 'Name the file that holds the key.', {
      cause,
    });
  }
  try {
    const { mode, uid, gid } = fs.fstatSync(handle);
    // systemd's LoadCredential= lets the service read by an access list, whose mask then shows as the group's right.
    const isCredential = uid === 0 && gid === 0 && (mode & 0o777) === 0o440;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0 && !isCredential)
      throw new StoreError(
        'KEY_FILE_EXPOSED',
        `key file ${file}: others than its owner may read it (mode ${(mode & 0o777).toString(8)})`,
        `Run: chmod 600 ${file} — and think about who may have read the key.`,
      );
    const buffer = Buffer.alloc(MAX_KEY_FILE_BYTES);
    const bytes = fs.readSync(handle, buffer, 0, buffer.length, 0);
    return parse(buffer.toString('latin1', 0, bytes));
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(
      'KEY_FILE_MALFORMED',
      `key file ${file}: it does not hold a Credveil key`,
      'Name the file that `credveil init` wrote, or for a client one with the line that `credveil client add` printed, whole and unchanged.',
      { cause },
    );
  } finally {
    fs.closeSync(handle);
  }
}

/** @throws StoreError `KEY_FILE_INSIDE_DATASET`: who copies a dataset must not copy its key */
export function assertOutside(keyFile: string, folder: string): void {
  const inside = path.relative(realPath(folder), realPath(keyFile));
  if (inside !== '..' && !inside.startsWith(`..${path.sep}`) && !path.isAbsolute(inside))
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
