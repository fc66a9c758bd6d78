// Watch keys as text, one line each: PROTOCOL.md §9.
//
// credveil-watch-1.<key id>.<32 bytes>             secret: opens watch tags, belongs offline
// credveil-watch-public-1.<key id>.<public key>    makes watch tags; not secret

import type { KeyId, WatchPublicKey, WatchSecretKey } from '../brands.ts';
import { fromBase64Url, toBase64Url } from '../bytes.ts';
import { labelledId } from '../ids.ts';
import { malformedKey } from '../keys.ts';

/** The public name of a watch key: the first 8 bytes of a SHA-256, in hex. */
export function watchKeyId(publicKey: WatchPublicKey): KeyId {
  return labelledId('credveil watch 1 id', publicKey) as KeyId;
}

export function formatWatchPublicKey(publicKey: WatchPublicKey): string {
  return `credveil-watch-public-1.${watchKeyId(publicKey)}.${toBase64Url(publicKey)}`;
}

const PUBLIC = /^credveil-watch-public-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

/** Parses a public line; white space around it is allowed. @throws ProtocolError `KEY_MALFORMED` */
export function parseWatchPublicKey(text: string): WatchPublicKey {
  const [line, bytes] = PUBLIC.exec(text.trim()) ?? [];
  const publicKey = fromBase64Url(bytes ?? '') as WatchPublicKey;
  // The last of the 43 characters has two unused bits: each key has one spelling.
  if (line === undefined || formatWatchPublicKey(publicKey) !== line)
    throw malformedKey('watch key', 'expected credveil-watch-public-1.<id>.<key>', '`credveil watch keygen` printed');
  return publicKey;
}

/** Formats a secret key. The text is the secret itself: it belongs in key files only. */
export function formatWatchSecretKey(secretKey: WatchSecretKey, keyId: KeyId): string {
  return `credveil-watch-1.${keyId}.${toBase64Url(secretKey)}`;
}

const SECRET = /^credveil-watch-1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

/**
 * Splits the text of a secret key. The caller must compute the public key and compare its id with
 * `keyId`.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function splitWatchSecretKey(text: string): { keyId: KeyId; secretKey: WatchSecretKey } {
  const [line, id, bytes] = SECRET.exec(text.trim()) ?? [];
  const split = { keyId: id as KeyId, secretKey: fromBase64Url(bytes ?? '') as WatchSecretKey };
  if (line === undefined || formatWatchSecretKey(split.secretKey, split.keyId) !== line)
    throw malformedKey(
      'watch key',
      'expected credveil-watch-1.<id>.<secret>',
      '`credveil watch keygen` wrote to the key file',
    );
  return split;
}
