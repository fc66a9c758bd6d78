// HPKE, RFC 9180, in base mode and for one message to a recipient: what both ends derive.
//
// The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, that of appendix A.1. The ends
// bring X25519 and AES-GCM themselves: noble's and Web Crypto's where a tag is made, the platform's
// where a million are opened.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export const X25519_BYTES = 32;
export const GCM_TAG_BYTES = 16;
const KEY_BYTES = 16;
const NONCE_BYTES = 12;
const HASH_BYTES = 32;

/** Of the only message of a context, whose sequence number is 0. */
export interface MessageKey {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/**
 * @param dh the X25519 of both keys, which must not be zero
 * @param enc the sender's ephemeral key
 */
export type DeriveMessageKey = (dh: Uint8Array, enc: Uint8Array) => MessageKey;

const VERSION = utf8ToBytes('HPKE-v1');
const KEM = concatBytes(utf8ToBytes('KEM'), Uint8Array.of(0x00, 0x20));
const HPKE = concatBytes(utf8ToBytes('HPKE'), Uint8Array.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x01));
const MODE_BASE = Uint8Array.of(0);
const NONE = new Uint8Array(0);

/**
 * ExtractAndExpand of §4.1 and KeySchedule of §5.1, for messages to one recipient with one `info`.
 * @param recipient its public key
 */
export function createKeySchedule(recipient: Uint8Array, info: Uint8Array): DeriveMessageKey {
  // §4. Nothing here is longer than a hash, so that HKDF-Expand is one HMAC.
  const extract = (suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
    hmac(sha256, salt, concatBytes(VERSION, suite, utf8ToBytes(label), ikm));
  const expand = (suite: Uint8Array, prk: Uint8Array, label: string, about: Uint8Array, bytes: number): Uint8Array =>
    hmac(
      sha256,
      prk,
      concatBytes(Uint8Array.of(0, bytes), VERSION, suite, utf8ToBytes(label), about, Uint8Array.of(1)),
    ).subarray(0, bytes);

  const context = concatBytes(
    MODE_BASE,
    extract(HPKE, NONE, 'psk_id_hash', NONE),
    extract(HPKE, NONE, 'info_hash', info),
  );
  return (dh, enc) => {
    const prk = extract(KEM, NONE, 'eae_prk', dh);
    const sharedSecret = expand(KEM, prk, 'shared_secret', concatBytes(enc, recipient), HASH_BYTES);
    const secret = extract(HPKE, sharedSecret, 'secret', NONE);
    return {
      key: expand(HPKE, secret, 'key', context, KEY_BYTES),
      nonce: expand(HPKE, secret, 'base_nonce', context, NONCE_BYTES),
    };
  };
}
