// The watch key in memory: opens watch tags. PROTOCOL.md §9.

import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import type { KeyId, WatchPublicKey, WatchSecretKey } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  formatWatchPublicKey,
  formatWatchSecretKey,
  splitWatchSecretKey,
  watchKeyId,
} from '../../protocol/watch/watch-key.ts';

/** PrivateKeyInfo and SubjectPublicKeyInfo of X25519, RFC 8410, up to the 32 bytes of the key. */
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');

const openPrivate = (secretKey: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PRIVATE_DER, secretKey]), format: 'der', type: 'pkcs8' });
const openPublic = (publicKey: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([PUBLIC_DER, publicKey]), format: 'der', type: 'spki' });

/** Holds the secret. Printing, logging or serializing an instance shows the key's id only. */
export class WatchKey {
  readonly #private: KeyObject;
  readonly publicKey: WatchPublicKey;
  readonly keyId: KeyId;

  constructor(privateKey: KeyObject) {
    this.#private = privateKey;
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    this.publicKey = Uint8Array.from(spki.subarray(PUBLIC_DER.length)) as WatchPublicKey;
    this.keyId = watchKeyId(this.publicKey);
  }

  /** X25519. @throws Error if the result is zero */
  agree(publicKey: Uint8Array): Buffer {
    return diffieHellman({ privateKey: this.#private, publicKey: openPublic(publicKey) });
  }

  /** The line for the SDK. It is not secret. */
  get publicLine(): string {
    return formatWatchPublicKey(this.publicKey);
  }

  /** The secret itself as text, for a key file. */
  revealText(): string {
    return formatWatchSecretKey(this.revealSecret(), this.keyId);
  }

  /** The secret itself: 32 bytes. */
  revealSecret(): WatchSecretKey {
    const der = this.#private.export({ format: 'der', type: 'pkcs8' });
    return Uint8Array.from(der.subarray(PRIVATE_DER.length)) as WatchSecretKey;
  }

  toString(): string {
    return `[watch key ${this.keyId}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Generates a key from the platform's randomness. */
export const createWatchKey = (): WatchKey => new WatchKey(generateKeyPairSync('x25519').privateKey);

/** @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text */
export function parseWatchKeyText(text: string): WatchKey {
  const { keyId, secretKey } = splitWatchSecretKey(text);
  const key = new WatchKey(openPrivate(secretKey));
  if (key.keyId !== keyId)
    throw new ProtocolError(
      'KEY_MALFORMED',
      'watch key: its id does not match its secret',
      'Give the whole, unchanged line that `credveil watch keygen` wrote to the key file.',
    );
  return key;
}
