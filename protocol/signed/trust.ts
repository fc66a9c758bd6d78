// What a client pins, and the keys of publishers as text, one line each: PROTOCOL.md §9.
//
// credveil-trust-2.<dataset>.<public key>       dataset and publisher; not secret
// credveil-hmac-2.<dataset>.<32 bytes>          dataset and secret key of the hmac suite
// credveil-publisher-2.<key id>.<seed>          secret of a publisher, signs statements and heads
// credveil-head-2.<key id>.<seed>               secret of a head key, signs heads alone
// credveil-head-public-2.<key id>.<public key>  names a head key to its publisher

import type { DatasetId, HeadKey, HmacKey, KeyId, PublisherKey, SigningSeed } from '../brands.ts';
import { labelledId } from '../ids.ts';
import { formatKeyLine, type KeyKind, malformedKey, parseHmacKey, splitKeyLine } from '../keys.ts';

/** The uses of Ed25519 keys. Their labels and file formats differ: none passes for another. */
export type SigningUse = 'publisher' | 'head';

/** The public name of a signing key: the first 8 bytes of a SHA-256, in hex. */
export function signingKeyId(use: SigningUse, publicKey: Uint8Array): KeyId {
  return labelledId(`credveil ${use} 2 id`, publicKey) as KeyId;
}

/** Dataset and publisher: all that a client needs to know whom to believe. */
export interface Trust {
  readonly dataset: DatasetId;
  readonly publisher: PublisherKey;
}

const PIN_SOURCE = '`credveil key pin` prints';
const TRUST: KeyKind = { label: 'trust-2', name: 'trust', source: PIN_SOURCE };

export function formatTrust({ dataset, publisher }: Trust): string {
  return formatKeyLine(TRUST, dataset, publisher);
}

/** Parses the line that clients of a signed dataset pin. @throws ProtocolError `KEY_MALFORMED` */
export function parseTrustText(text: string): Trust {
  const { id, bytes } = splitKeyLine(TRUST, text);
  return { dataset: id as DatasetId, publisher: bytes as PublisherKey };
}

/** Dataset and key of the suite `hmac`. */
export interface HmacPin {
  readonly dataset: DatasetId;
  readonly key: HmacKey;
}

const HMAC_PIN: KeyKind = {
  label: 'hmac-2',
  name: 'key',
  source: `${PIN_SOURCE} first; a line credveil-trust-2 belongs in trust`,
};

export function formatHmacPin({ dataset, key }: HmacPin): string {
  return formatKeyLine(HMAC_PIN, dataset, key);
}

/** Parses the line that clients of the suite `hmac` hold. @throws ProtocolError `KEY_MALFORMED` */
export function parseHmacPinText(text: string): HmacPin {
  const { id, bytes } = splitKeyLine(HMAC_PIN, text);
  return { dataset: id as DatasetId, key: parseHmacKey(bytes) };
}

const SEED_SOURCE = '`credveil init` or `credveil keygen` wrote to the file';
const SEEDS: { readonly [use in SigningUse]: KeyKind } = {
  publisher: { label: 'publisher-2', name: 'signing key', source: SEED_SOURCE },
  head: { label: 'head-2', name: 'signing key', source: SEED_SOURCE },
};

export function formatSigningSeed(use: SigningUse, keyId: KeyId, seed: SigningSeed): string {
  return formatKeyLine(SEEDS[use], keyId, seed);
}

/**
 * Parses the line of either use. The caller must compute the public key and compare its id with
 * `keyId`.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseSigningSeed(text: string): { use: SigningUse; keyId: KeyId; seed: SigningSeed } {
  const use = text.trimStart().startsWith('credveil-head-') ? 'head' : 'publisher';
  const { id, bytes } = splitKeyLine(SEEDS[use], text);
  return { use, keyId: id as KeyId, seed: bytes as SigningSeed };
}

const HEAD_PUBLIC: KeyKind = {
  label: 'head-public-2',
  name: 'head key',
  source: '`credveil key show` prints',
};

export function formatHeadKey(key: HeadKey): string {
  return formatKeyLine(HEAD_PUBLIC, signingKeyId('head', key), key);
}

/** Parses the public part of a head key. @throws ProtocolError `KEY_MALFORMED` */
export function parseHeadKeyText(text: string): HeadKey {
  const { id, bytes } = splitKeyLine(HEAD_PUBLIC, text);
  const key = bytes as HeadKey;
  if (signingKeyId('head', key) !== id) throw malformedKey(HEAD_PUBLIC, 'its id does not match its key');
  return key;
}
