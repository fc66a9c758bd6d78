// Roles of values as types: a byte string made for one role cannot be passed where another role is
// expected.

declare const role: unique symbol;

/** A `T` that was created or checked for one role. Brands exist at compile time only. */
export type Brand<T, Role extends string> = T & { readonly [role]: Role };

/** UTF-8 of a username after {@link file://./normalize.ts normalizeUsername}. */
export type NormalizedUsername = Brand<Uint8Array, 'NormalizedUsername'>;
/** UTF-8 of a password after {@link file://./normalize.ts normalizePassword}. */
export type NormalizedPassword = Brand<Uint8Array, 'NormalizedPassword'>;
/** `kind ‖ len16 ‖ username ‖ len16 ‖ password`, PROTOCOL.md §3. */
export type PrivateInput = Brand<Uint8Array, 'PrivateInput'>;
/** The output of a suite's pseudo-random function for one PrivateInput: at least 32 bytes. */
export type PrfOutput = Brand<Uint8Array, 'PrfOutput'>;
/** 48 bits of PRF output as an integer below 2^48. Clients compare it in their own process. */
export type EntryTag = Brand<number, 'EntryTag'>;
/** 32 bits as an unsigned integer; the leading `prefixBits` name an entry's bucket. */
export type BucketHash = Brand<number, 'BucketHash'>;
/** The leading `prefixBits` of a BucketHash as an unsigned integer. */
export type BucketId = Brand<number, 'BucketId'>;
/** Three bytes that hide an entry's metadata in one layer. */
export type MetadataPad = Brand<Uint8Array, 'MetadataPad'>;
/** 32 secret bytes, the root of the `hmac` suite. */
export type HmacKey = Brand<Uint8Array, 'HmacKey'>;
/** 32 secret bytes: a scalar of ristretto255, the root of the `oprf` suite. */
export type OprfSecretKey = Brand<Uint8Array, 'OprfSecretKey'>;
/** 32 bytes: a group element that identifies an evaluator. Clients pin it. */
export type PublicKey = Brand<Uint8Array, 'PublicKey'>;
/** 32 bytes: a random scalar that hides one input from the evaluator. */
export type BlindScalar = Brand<Uint8Array, 'BlindScalar'>;
/** 32 bytes: a blinded input, the group element that a client sends. */
export type BlindedElement = Brand<Uint8Array, 'BlindedElement'>;
/**
 * 32 bytes: a blinded element multiplied by the secret key, the group element that an evaluator
 * returns.
 */
export type EvaluatedElement = Brand<Uint8Array, 'EvaluatedElement'>;
/** 64 bytes: the DLEQ proof of RFC 9497 §2.2. */
export type Proof = Brand<Uint8Array, 'Proof'>;
/** 32 bytes: the Ed25519 public key of a publisher, which signs statements. Clients pin it. */
export type PublisherKey = Brand<Uint8Array, 'PublisherKey'>;
/** 32 bytes: an Ed25519 public key that a statement allows to sign heads. */
export type HeadKey = Brand<Uint8Array, 'HeadKey'>;
/** 32 secret bytes: the seed of an Ed25519 key, RFC 8032 §5.1.5. */
export type SigningSeed = Brand<Uint8Array, 'SigningSeed'>;
/** 32 bytes: an X25519 public key, to which watch tags are sealed. */
export type WatchPublicKey = Brand<Uint8Array, 'WatchPublicKey'>;
/** 32 secret bytes of X25519, RFC 7748: they open watch tags. */
export type WatchSecretKey = Brand<Uint8Array, 'WatchSecretKey'>;
/** Public name of a layer, the buckets made from one set of runs: 32 lower-case hex digits. */
export type LayerId = Brand<string, 'LayerId'>;
/** 32 bytes that key the seals of buckets, envelopes and filters, PROTOCOL.md §8. */
export type SealKey = Brand<Uint8Array, 'SealKey'>;
/** Public name of a key: 16 lower-case hex digits. */
export type KeyId = Brand<string, 'KeyId'>;
/** Public name of a dataset: 16 lower-case hex digits. */
export type DatasetId = Brand<string, 'DatasetId'>;
/** 32 secret bytes that authenticate a client. */
export type ClientSecret = Brand<Uint8Array, 'ClientSecret'>;
/** Public name of a client: 16 lower-case hex digits. */
export type ClientId = Brand<string, 'ClientId'>;
/** Public name of a snapshot: sequence number and digest, `000007-9f86d081884c7d65`. */
export type SnapshotId = Brand<string, 'SnapshotId'>;
