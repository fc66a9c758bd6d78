// What a password hash of a user table is to the rest of match: something that verifies candidates,
// or a reason why it cannot.

/** A hash that was parsed and is within the limits. */
export interface StoredHash {
  /** Scheme and cost, such as `bcrypt cost 12`. Nothing of it is salt or digest. */
  readonly kind: string;
  /** Processor time of one verification on a usual core: an estimate from the cost alone. */
  readonly seconds: number;
  /** Memory of one verification. */
  readonly memoryBytes: number;
  /** Of the longest password that is verified. Default: any. */
  readonly maxPasswordBytes?: number;
  /** @param password the bytes that a user types: UTF-8 of NFC text */
  verify(password: Uint8Array): boolean;
}

/** Why no candidate can be verified against an account's hash. */
export const HASH_FAULTS = [
  /** The cell is empty or missing: the account has no password, or logs in elsewhere. */
  'no-hash',
  /** A hash that its system marked as one that no password fits. */
  'login-disabled',
  /** No scheme writes hashes like this. */
  'unknown-format',
  /** A known scheme, of which a part is missing, too short or no number. */
  'malformed-hash',
  /** A known scheme or variant that is not verified here. */
  'unsupported-hash',
  /** More time or memory than the limits allow. */
  'too-costly',
  /** The description of the hash names a salt, and the row has none. */
  'no-salt',
] as const;
export type HashFault = (typeof HASH_FAULTS)[number];

export type ParsedHash = StoredHash | HashFault;

/** Parses one scheme. @returns undefined for the text of another scheme */
export type ParseHash = (text: string) => ParsedHash | undefined;

export const isFault = (parsed: ParsedHash): parsed is HashFault => typeof parsed === 'string';

/** What one verification may take. */
export interface HashLimits {
  readonly seconds: number;
  readonly memoryBytes: number;
}

export const DEFAULT_HASH_LIMITS: HashLimits = { seconds: 5, memoryBytes: 256 << 20 };

/** A shorter digest would fit a wrong password by chance. */
export const MIN_DIGEST_BYTES = 10;

/**
 * Bytes of the keys that libraries derive where any length can be asked for. Another one is what a
 * column that is too short left. The length is part of what Argon2 computes: nothing would fit.
 */
export const KEY_BYTES: readonly number[] = [16, 20, 24, 32, 48, 64, 128];
