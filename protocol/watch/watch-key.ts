// Watch keys as text, one line each: PROTOCOL.md §9.
//
// credveil-watch-1.<key id>.<32 bytes>             secret: opens watch tags, belongs offline
// credveil-watch-public-1.<key id>.<public key>    makes watch tags; not secret

import type { KeyId, WatchPublicKey, WatchSecretKey } from '../brands.ts';
import { labelledId } from '../ids.ts';
import { formatKeyLine, type KeyKind, malformedKey, splitKeyLine } from '../keys.ts';

/** The public name of a watch key: the first 8 bytes of a SHA-256, in hex. */
export function watchKeyId(publicKey: WatchPublicKey): KeyId {
  return labelledId('credveil watch 1 id', publicKey) as KeyId;
}

const PUBLIC: KeyKind = {
  label: 'watch-public-1',
  name: 'watch key',
  source: '`credveil watch keygen` printed',
};

export function formatWatchPublicKey(publicKey: WatchPublicKey): string {
  return formatKeyLine(PUBLIC, watchKeyId(publicKey), publicKey);
}

/** Parses a public line. @throws ProtocolError `KEY_MALFORMED` */
export function parseWatchPublicKey(text: string): WatchPublicKey {
  const { id, bytes } = splitKeyLine(PUBLIC, text);
  const publicKey = bytes as WatchPublicKey;
  if (watchKeyId(publicKey) !== id) throw malformedKey(PUBLIC, 'its id does not match its key');
  return publicKey;
}

const SECRET: KeyKind = {
  label: 'watch-1',
  name: 'watch key',
  source: '`credveil watch keygen` wrote to the key file',
};

export function formatWatchSecretKey(secretKey: WatchSecretKey, keyId: KeyId): string {
  return formatKeyLine(SECRET, keyId, secretKey);
}

/**
 * Splits the text of a secret key. The caller must compute the public key and compare its id with
 * `keyId`.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function splitWatchSecretKey(text: string): { keyId: KeyId; secretKey: WatchSecretKey } {
  const { id, bytes } = splitKeyLine(SECRET, text);
  return { keyId: id as KeyId, secretKey: bytes as WatchSecretKey };
}
