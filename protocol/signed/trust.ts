// What a client pins, and the keys of publishers as text, one line each: PROTOCOL.md §9.
//
// credveil-trust-2.<dataset>.<public key>       dataset and publisher; not secret
// credveil-hmac-2.<dataset>.<32 bytes>          dataset and secret key of the hmac suite
// credveil-publisher-2.<key id>.<seed>          secret of a publisher, signs statements and heads
// credveil-head-2.<key id>.<seed>               secret of a head key, signs heads alone
// credveil-head-public-2.<key id>.<public key>  names a head key to its publisher

import type { DatasetId, HeadKey, HmacKey, KeyId, PublisherKey, SigningSeed } from '../brands.ts';
import { fromBase64Url, toBase64Url } from '../bytes.ts';
import type { ProtocolError } from '../errors.ts';
import { labelledId } from '../ids.ts';
import { malformedKey, parseHmacKey } from '../keys.ts';

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

const TRUST = /^credveil-trust-2\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

export function formatTrust({ dataset, publisher }: Trust): string {
  return `credveil-trust-2.${dataset}.${toBase64Url(publisher)}`;
}

/**
 * Parses the line that clients of a signed dataset pin; white space around it is allowed.
 * @throws ProtocolError `KEY_MALFORMED`
 */
export function parseTrustText(text: string): Trust {
  const [line, dataset, key] = TRUST.exec(text.trim()) ?? [];
  const trust = { dataset: dataset as DatasetId, publisher: fromBase64Url(key ?? '') as PublisherKey };
  // The last of the 43 characters has two unused bits: each key has one spelling.
  if (line === undefined || formatTrust(trust) !== line)
    throw malformedKey('trust', 'expected credveil-trust-2.<dataset>.<publisher>', '`credveil key pin` prints');
  return trust;
}

/** Dataset and key of the suite `hmac`. */
export interface HmacPin {
  readonly dataset: DatasetId;
  readonly key: HmacKey;
}

const HMAC_PIN = /^credveil-hmac-2\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

/** Formats dataset and key. The text is the secret itself. */
export function formatHmacPin({ dataset, key }: HmacPin): string {
  return `credveil-hmac-2.${dataset}.${toBase64Url(key)}`;
}

/**
 * Parses the line that clients of the suite `hmac` hold; white space around it is allowed.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseHmacPinText(text: string): HmacPin {
  const [line, dataset, key] = HMAC_PIN.exec(text.trim()) ?? [];
  const wrong = (): ProtocolError =>
    malformedKey('key', 'expected credveil-hmac-2.<dataset>.<secret>', '`credveil key pin` prints');
  if (line === undefined) throw wrong();
  const pin = { dataset: dataset as DatasetId, key: parseHmacKey(fromBase64Url(key as string)) };
  if (formatHmacPin(pin) !== line) throw wrong();
  return pin;
}

const SIGNING_SEED = /^credveil-(publisher|head)-2\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

/** Formats the seed of a signing key. The text is the secret itself. */
export function formatSigningSeed(use: SigningUse, keyId: KeyId, seed: SigningSeed): string {
  return `credveil-${use}-2.${keyId}.${toBase64Url(seed)}`;
}

/**
 * Parses the text of a signing key. The caller must compute the public key and compare its id with
 * `keyId`.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseSigningSeed(text: string): { use: SigningUse; keyId: KeyId; seed: SigningSeed } {
  const [line, use, keyId, bytes] = SIGNING_SEED.exec(text.trim()) ?? [];
  const parsed = { use: use as SigningUse, keyId: keyId as KeyId, seed: fromBase64Url(bytes ?? '') as SigningSeed };
  if (line === undefined || formatSigningSeed(parsed.use, parsed.keyId, parsed.seed) !== line)
    throw malformedKey(
      'signing key',
      'expected credveil-publisher-2.<id>.<secret> or credveil-head-2.<id>.<secret>',
      '`credveil init` or `credveil keygen` wrote to the file',
    );
  return parsed;
}

const HEAD_PUBLIC = /^credveil-head-public-2\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

export function formatHeadKey(key: HeadKey): string {
  return `credveil-head-public-2.${signingKeyId('head', key)}.${toBase64Url(key)}`;
}

/** Parses the public part of a head key. @throws ProtocolError `KEY_MALFORMED` */
export function parseHeadKeyText(text: string): HeadKey {
  const [line, bytes] = HEAD_PUBLIC.exec(text.trim()) ?? [];
  const key = fromBase64Url(bytes ?? '') as HeadKey;
  if (line === undefined || formatHeadKey(key) !== line)
    throw malformedKey('head key', 'expected credveil-head-public-2.<id>.<key>', '`credveil key show` prints');
  return key;
}
