// The Ed25519 keys of a publisher, in memory: one signs statements and heads, the other heads only.
// PROTOCOL.md §8, §9.

import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { inspect } from 'node:util';
import type { KeyId, SigningSeed } from '../protocol/brands.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Signer, Verifier } from '../protocol/signed/envelope.ts';
import { formatSigningSeed, parseSigningSeed, type SigningUse, signingKeyId } from '../protocol/signed/trust.ts';

/** RFC 8410: what precedes the seed in PKCS #8, and the public key in SubjectPublicKeyInfo. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const SEED_BYTES = 32;

/** Holds the secret. Printing, logging or serializing an instance shows the key's id only. */
export class SigningKey implements Signer {
  readonly #seed: SigningSeed;
  readonly #privateKey: KeyObject;
  readonly use: SigningUse;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly keyid: KeyId;

  constructor(use: SigningUse, seed: SigningSeed) {
    this.#seed = seed;
    this.#privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' });
    this.use = use;
    this.publicKey = Uint8Array.from(spki.subarray(SPKI.length));
    this.keyid = signingKeyId(use, this.publicKey);
  }

  sign(message: Uint8Array): Uint8Array {
    return sign(null, message, this.#privateKey);
  }

  /** The secret itself as text, for a key file or a secret store. */
  revealText(): string {
    return formatSigningSeed(this.use, this.keyid, this.#seed);
  }

  toString(): string {
    return `[${this.use} key ${this.keyid}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Generates a key from the platform's randomness. */
export function createSigningKey(use: SigningUse): SigningKey {
  return new SigningKey(use, Uint8Array.from(randomBytes(SEED_BYTES)) as SigningSeed);
}

/**
 * Parses the text of a signing key.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseSigningKeyText(text: string): SigningKey {
  const { use, keyId, seed } = parseSigningSeed(text);
  const key = new SigningKey(use, seed);
  if (key.keyid !== keyId)
    throw new ProtocolError(
      'KEY_MALFORMED',
      'signing key: its id does not match its secret',
      'Give the whole, unchanged line of the key file.',
    );
  return key;
}

/** The platform's Ed25519, for those that do not depend on the checks of protocol/ed25519.ts. */
export function createNodeVerifier(use: SigningUse, publicKey: Uint8Array): Verifier {
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
  return {
    keyid: signingKeyId(use, publicKey),
    verify: (message, signature) => verify(null, message, key, signature),
  };
}
