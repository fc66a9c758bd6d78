// Watch tags: the entries of an account's pairs, sealed to a watch key. PROTOCOL.md §19.
//
//   struct WatchTag {              // 300 bytes
//     u8 watchKey[8];              // id of the watch key
//     u8 dataset[8];
//     u8 keyId[8];                 // of the dataset's key
//     u8 enc[32];                  // HPKE
//     u8 sealed[244];              // HPKE: WatchedPairs and the tag of AES-GCM
//   }
//
//   struct WatchedPairs {          // 228 bytes
//     u16 day;                     // of the login: days since 1970-01-01, in UTC
//     u8  pairs;                   // how many the login had, 1 to 255
//     u8  zero;
//     u8  entries[16][14];         // PrfOutput[0..14] of the first 16; the rest is zero
//   }

import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DatasetId, KeyId, PrfOutput } from '../brands.ts';
import { fromBase64Url, readU16, toBase64Url, writeU16 } from '../bytes.ts';
import { TAG_AND_SEED_BYTES } from '../entry.ts';
import { GCM_TAG_BYTES, X25519_BYTES } from './hpke.ts';

export const MAX_WATCHED_PAIRS = 16;
/** Of an account's id, in UTF-8. */
export const MAX_ACCOUNT_BYTES = 1024;
export const MS_PER_DAY = 86_400_000;

const ID_BYTES = 8;
const HEADER_BYTES = 3 * ID_BYTES;
const PAIRS_AT = 4;
const WATCHED_BYTES = PAIRS_AT + MAX_WATCHED_PAIRS * TAG_AND_SEED_BYTES;
const TAG_BYTES = HEADER_BYTES + X25519_BYTES + WATCHED_BYTES + GCM_TAG_BYTES;
const MAX_PAIRS = 0xff;
const MAX_DAY = 0xffff;

/** What a tag shows to everyone, and is bound to. */
export interface TagHeader {
  readonly watchKey: KeyId;
  readonly dataset: DatasetId;
  readonly keyId: KeyId;
}

export interface WatchTag extends TagHeader {
  readonly enc: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

export interface WatchedPairs {
  readonly day: number;
  /** More than there are entries if the login had more. */
  readonly pairs: number;
  /** 14 bytes each: tag and seed. */
  readonly entries: readonly Uint8Array[];
}

/** `info` of HPKE. */
export const watchInfo = ({ dataset, keyId }: Omit<TagHeader, 'watchKey'>): Uint8Array =>
  concatBytes(utf8ToBytes('credveil watch 1'), hexToBytes(dataset), hexToBytes(keyId));

/**
 * `aad` of HPKE: the account's id.
 * @returns undefined if it is empty, too long or not well-formed
 */
export function watchAad(account: string): Uint8Array | undefined {
  if (account === '' || account.length > MAX_ACCOUNT_BYTES || !account.isWellFormed()) return undefined;
  const bytes = utf8ToBytes(account);
  return bytes.length > MAX_ACCOUNT_BYTES ? undefined : bytes;
}

/** @param outputs of kind 1, at least one */
export function encodeWatchedPairs(day: number, outputs: readonly PrfOutput[]): Uint8Array {
  const bytes = new Uint8Array(WATCHED_BYTES);
  writeU16(bytes, 0, day);
  bytes[2] = Math.min(outputs.length, MAX_PAIRS);
  for (const [i, output] of outputs.slice(0, MAX_WATCHED_PAIRS).entries())
    bytes.set(output.subarray(0, TAG_AND_SEED_BYTES), PAIRS_AT + i * TAG_AND_SEED_BYTES);
  return bytes;
}

/** @returns undefined for bytes that `encodeWatchedPairs` does not write */
export function decodeWatchedPairs(bytes: Uint8Array): WatchedPairs | undefined {
  const pairs = bytes[2] ?? 0;
  if (bytes.length !== WATCHED_BYTES || pairs === 0 || bytes[3] !== 0) return undefined;
  const held = Math.min(pairs, MAX_WATCHED_PAIRS);
  const end = PAIRS_AT + held * TAG_AND_SEED_BYTES;
  if (bytes.subarray(end).some((byte) => byte !== 0)) return undefined;
  const entries = Array.from({ length: held }, (_, i) => {
    const at = PAIRS_AT + i * TAG_AND_SEED_BYTES;
    return bytes.subarray(at, at + TAG_AND_SEED_BYTES);
  });
  return { day: readU16(bytes, 0), pairs, entries };
}

const PREFIX = 'credveil-tag-';
const START = `${PREFIX}1.`;
/** 300 bytes leave no unused bits: each tag has one spelling. */
const BODY_CHARACTERS = (TAG_BYTES / 3) * 4;
const BODY = /^[A-Za-z0-9_-]*$/;
/** Of the text of a tag. */
export const WATCH_TAG_CHARACTERS = START.length + BODY_CHARACTERS;

export function formatWatchTag({ watchKey, dataset, keyId, enc, sealed }: WatchTag): string {
  const ids = [watchKey, dataset, keyId].map(hexToBytes);
  return `${START}${toBase64Url(concatBytes(...ids, enc, sealed))}`;
}

/** Why a text is no tag. */
export type TagFault = 'malformed' | 'truncated' | 'unsupported-version';

/** Parses the text of a tag; white space around it is allowed. */
export function parseWatchTag(given: string): WatchTag | TagFault {
  // What is longer by far is not searched for white space.
  const text = given.length > 2 * WATCH_TAG_CHARACTERS ? '' : given.trim();
  if (!text.startsWith(START)) {
    if (/^credveil-tag-\d{1,9}\./.test(text)) return 'unsupported-version';
    return text !== '' && START.startsWith(text) ? 'truncated' : 'malformed';
  }
  const body = text.slice(START.length);
  if (body.length > BODY_CHARACTERS || !BODY.test(body)) return 'malformed';
  if (body.length < BODY_CHARACTERS) return 'truncated';
  const bytes = fromBase64Url(body);
  const idAt = (at: number): string => bytesToHex(bytes.subarray(at, at + ID_BYTES));
  return {
    watchKey: idAt(0) as KeyId,
    dataset: idAt(ID_BYTES) as DatasetId,
    keyId: idAt(2 * ID_BYTES) as KeyId,
    enc: bytes.subarray(HEADER_BYTES, HEADER_BYTES + X25519_BYTES),
    sealed: bytes.subarray(HEADER_BYTES + X25519_BYTES),
  };
}

/** @param now in milliseconds since 1970 */
export const dayOf = (now: number): number => Math.min(MAX_DAY, Math.max(0, Math.floor(now / MS_PER_DAY)));
