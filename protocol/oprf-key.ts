// Keys of the `oprf` suite as text: PROTOCOL.md §9. `credveil-oprf-1.<key id>.<base64url of the scalar>` is secret,
// `credveil-oprf-public-1.<key id>.<base64url of the element>` is what clients pin.

import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { KeyId, OprfSecretKey, PublicKey } from './brands.ts';
import { ProtocolError } from './errors.ts';
import { oprfKeyId } from './oprf-suite.ts';

const PUBLIC = /^credveil-oprf-public-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;
const SECRET = /^credveil-oprf-1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

const malformed = (why: string): ProtocolError =>
  new ProtocolError(
    'KEY_MALFORMED',
    `key: ${why}`,
    'Give the one line that `credveil key show` prints, whole and unchanged.',
  );

export function formatPublicKey(publicKey: PublicKey): string {
  return `credveil-oprf-public-1.${oprfKeyId(publicKey)}.${toBase64Url(publicKey)}`;
}

/**
 * Reads the text of a public key. Whether it is an element of the group is seen by who computes with it.
 * @throws ProtocolError `KEY_MALFORMED`
 */
export function parsePublicKeyText(text: string): PublicKey {
  const match = PUBLIC.exec(text.trim());
  if (!match) throw malformed('it does not look like credveil-oprf-public-1.<id>.<key>');
  const publicKey = fromBase64Url(match[1] as string) as PublicKey;
  if (formatPublicKey(publicKey) !== match[0]) throw malformed('its id and its key do not belong together');
  return publicKey;
}

/** The text of a secret key. It is the secret itself: for key files and secret stores only. */
export function formatOprfKey(secretKey: OprfSecretKey, publicKey: PublicKey): string {
  return `credveil-oprf-1.${oprfKeyId(publicKey)}.${toBase64Url(secretKey)}`;
}

/**
 * Takes the text of a secret key apart. The caller computes the public key and compares its id.
 * @throws ProtocolError `KEY_MALFORMED`, whose message never quotes the text
 */
export function splitOprfKeyText(text: string): { keyId: KeyId; scalar: Uint8Array } {
  const match = SECRET.exec(text.trim());
  const scalar = fromBase64Url(match?.[2] ?? '');
  if (!match || toBase64Url(scalar) !== match[2])
    throw malformed('it does not look like credveil-oprf-1.<id>.<secret>');
  return { keyId: match[1] as KeyId, scalar };
}
