// The secret key of a dataset, in memory.

import { hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type {
  BlindedElement,
  DatasetId,
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
  parseHmacKey,
  parseHmacKeyText,
  splitOprfKeyText,
} from '../protocol/keys.ts';
import { createNobleOprf, type Oprf, type OprfKeyPair, parseScalar, splitSecretKey } from '../protocol/oprf.ts';
import { createOprfSuite, KEY_INFO, oprfKeyId } from '../protocol/oprf-suite.ts';
import { formatHmacPin, parseHmacPinText } from '../protocol/signed/trust.ts';
import type { KeyedSuite, SuiteName } from '../protocol/suite.ts';
import { StoreError } from './errors.ts';

type Secret =
  | { readonly suite: 'hmac'; readonly key: HmacKey }
  | { readonly suite: 'oprf'; readonly keys: OprfKeyPair };

/** Holds the secret. Printing, logging or serializing an instance shows the key's id only. */
export class DatasetKey {
  readonly #secret: Secret;
  readonly suite: SuiteName;
  readonly keyId: KeyId;
  /** Under `oprf` only. */
  readonly publicKey: PublicKey | undefined;

  constructor(secret: Secret) {
    this.#secret = secret;
    this.suite = secret.suite;
    this.keyId = secret.suite === 'hmac' ? hmacKeyId(secret.key) : oprfKeyId(secret.keys.publicKey);
    this.publicKey = secret.suite === 'hmac' ? undefined : secret.keys.publicKey;
  }

  /** @param oprf the engine of the `oprf` suite: pass libsodium's where speed matters */
  createSuite(oprf: Oprf = createNobleOprf()): KeyedSuite {
    const secret = this.#secret;
    if (secret.suite === 'hmac') return createHmacSuite(secret.key);
    const { secretKey, publicKey } = secret.keys;
    return { ...createOprfSuite(publicKey), evaluate: (input) => oprf.evaluate(secretKey, input) };
  }

  /**
   * The evaluator that a server runs for its clients under `oprf`. Undefined under `hmac`, where
   * clients hold the key.
   */
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

  /**
   * Two keys whose secrets add up to this one: two evaluators that hold one each are needed for an
   * evaluation. PROTOCOL.md §16.
   * @throws StoreError `KEY_UNSPLITTABLE` under `hmac`
   */
  split(): [DatasetKey, DatasetKey] {
    const secret = this.#secret;
    if (secret.suite === 'hmac')
      throw new StoreError(
        'KEY_UNSPLITTABLE',
        'a key of the hmac suite cannot be split',
        'Its callers hold the whole key. Create the dataset with --suite oprf instead.',
      );
    const [first, second] = splitSecretKey(secret.keys.secretKey).map(oprfKeyOf);
    return [first as DatasetKey, second as DatasetKey];
  }

  /**
   * The line that clients of a dataset without signatures pin: dataset and key. It is the secret
   * itself. Undefined under `oprf`.
   */
  revealPin(dataset: DatasetId): string | undefined {
    const secret = this.#secret;
    return secret.suite === 'hmac' ? formatHmacPin({ dataset, key: secret.key }) : undefined;
  }

  /**
   * A secret of the publisher's own, for what it keeps beside its runs: HKDF-SHA-256 (RFC 5869).
   * @returns 32 bytes
   */
  deriveSecret(use: 'names'): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.revealText(), 'credveil publisher 1', use, 32));
  }

  /** The secret itself as text, for a key file or a secret store. */
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

/** Evaluates blinded inputs for clients without the key. It never sees the inputs. */
export interface Evaluator {
  readonly publicKey: PublicKey;
  /** @throws ProtocolError for bytes that are not an element of the group */
  blindEvaluate(blindedElements: readonly BlindedElement[]): EvaluatedElement[];
  /** Proves that this key made those evaluations: RFC 9497 §2.2. */
  prove(blindedElements: readonly BlindedElement[]): Proof;
}

function oprfKeyOf(secretKey: OprfSecretKey): DatasetKey {
  return new DatasetKey({ suite: 'oprf', keys: { secretKey, publicKey: createNobleOprf().publicKey(secretKey) } });
}

/** Generates a key from the platform's randomness. */
export function createDatasetKey(suite: SuiteName = 'hmac'): DatasetKey {
  const seed = randomBytes(HMAC_KEY_BYTES);
  if (suite === 'hmac') return new DatasetKey({ suite, key: parseHmacKey(seed) });
  return new DatasetKey({ suite, keys: createNobleOprf().deriveKeyPair(seed, KEY_INFO) });
}

/**
 * Parses the text of a secret key of either suite.
 * @throws ProtocolError `KEY_MALFORMED`, `SCALAR_MALFORMED`; the message never quotes the text
 */
export function parseKeyText(text: string): DatasetKey {
  if (text.trimStart().startsWith('credveil-hmac-2.'))
    return new DatasetKey({ suite: 'hmac', key: parseHmacPinText(text).key });
  if (!text.startsWith('credveil-oprf-')) return new DatasetKey({ suite: 'hmac', key: parseHmacKeyText(text) });
  const { keyId, scalar } = splitOprfKeyText(text);
  const secretKey: OprfSecretKey = parseScalar(scalar);
  const key = oprfKeyOf(secretKey);
  if (key.keyId !== keyId)
    throw new ProtocolError(
      'KEY_MALFORMED',
      'key: its id does not match its secret',
      'Give the whole, unchanged line of the key file.',
    );
  return key;
}
