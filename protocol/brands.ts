// Roles of values as types: two byte strings with different roles never fit each other's place.

declare const role: unique symbol;

/** A value of type `T` that has been made or checked for one role. Brands exist only at compile time. */
export type Brand<T, Role extends string> = T & { readonly [role]: Role };

/** UTF-8 of a username after {@link file://./normalize.ts normalizeUsername}. */
export type NormalizedUsername = Brand<Uint8Array, 'NormalizedUsername'>;
/** UTF-8 of a password after {@link file://./normalize.ts normalizePassword}. */
export type NormalizedPassword = Brand<Uint8Array, 'NormalizedPassword'>;
/** `kind ‖ len16 ‖ username ‖ len16 ‖ password`, PROTOCOL.md §3. */
export type PrivateInput = Brand<Uint8Array, 'PrivateInput'>;
/** What a suite's pseudo-random function makes of a PrivateInput: at least 32 bytes. */
export type PrfOutput = Brand<Uint8Array, 'PrfOutput'>;
/** 48 bits of PRF output as an integer below 2^48: what is compared, in the caller's process. */
export type EntryTag = Brand<number, 'EntryTag'>;
/** 32 bits as an unsigned integer; its leading `prefixBits` name the bucket of an entry. */
export type BucketHash = Brand<number, 'BucketHash'>;
/** The leading `prefixBits` of a BucketHash as an unsigned integer. */
export type BucketId = Brand<number, 'BucketId'>;
/** Three bytes of PRF output that hide an entry's metadata. */
export type MetadataPad = Brand<Uint8Array, 'MetadataPad'>;
/** 32 secret bytes, the root of the `hmac` suite. */
export type HmacKey = Brand<Uint8Array, 'HmacKey'>;
/** 32 secret bytes: a scalar of ristretto255, the root of the `oprf` suite. */
export type OprfSecretKey = Brand<Uint8Array, 'OprfSecretKey'>;
/** 32 bytes: a group element, what a client pins of an evaluator. */
export type PublicKey = Brand<Uint8Array, 'PublicKey'>;
/** 32 bytes: a random scalar that hides one input from the evaluator. */
export type BlindScalar = Brand<Uint8Array, 'BlindScalar'>;
/** 32 bytes: a group element that a client sends. */
export type BlindedElement = Brand<Uint8Array, 'BlindedElement'>;
/** 32 bytes: the group element that an evaluator makes of a blinded one. */
export type EvaluatedElement = Brand<Uint8Array, 'EvaluatedElement'>;
/** 64 bytes: the DLEQ proof of RFC 9497 §2.2. */
export type Proof = Brand<Uint8Array, 'Proof'>;
/** 32 bytes under which bucket bodies are sealed, PROTOCOL.md §8. */
export type SealKey = Brand<Uint8Array, 'SealKey'>;
/** Public name of a key: 16 lower-case hex digits. */
export type KeyId = Brand<string, 'KeyId'>;
/** Public name of a dataset: 16 lower-case hex digits. */
export type DatasetId = Brand<string, 'DatasetId'>;
/** 32 secret bytes with which a client says who it is. */
export type ClientSecret = Brand<Uint8Array, 'ClientSecret'>;
/** Public name of a client: 16 lower-case hex digits. */
export type ClientId = Brand<string, 'ClientId'>;
/** Public name of a snapshot: sequence number and digest, `000007-9f86d081884c7d65`. */
export type SnapshotId = Brand<string, 'SnapshotId'>;
