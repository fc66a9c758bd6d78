// Derives the records of a credential: the entries that each index gets. PROTOCOL.md §11.

import type { BucketHash, NormalizedPassword, NormalizedUsername, PrfOutput } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { writeU32 } from '../../protocol/bytes.ts';
import { passwordBucketHash, TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import {
  EntryKind,
  INPUT_OVERHEAD_BYTES,
  MAX_FIELD_BYTES,
  MAX_OPRF_INPUT_BYTES,
  pairInput,
  passwordInput,
  similarInput,
  usernameInput,
} from '../../protocol/private-input.ts';
import { similarForms } from '../../protocol/similar.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { KIND_AT, RECORD_BYTES, TAG_AT, writeTimes } from './record.ts';

/** One line of a corpus: a pair, or a password without a username. */
export interface Credential {
  readonly username?: string;
  readonly password: string;
  /** Times seen according to the corpus: 1 or more. */
  readonly times: number;
}

/** Receives a record in a buffer that the next record reuses. */
export type EmitRecord = (index: IndexName, record: Uint8Array) => void;

export interface CredentialRecords {
  /** @throws ProtocolError `FIELD_TOO_LONG` before emitting a record */
  derive(credential: Credential, emit: EmitRecord): void;
}

/**
 * Derives records under one suite for these indexes.
 * @param similar adds entries of similarity forms
 */
export function credentialRecords(
  suite: KeyedSuite,
  indexes: readonly IndexName[],
  similar = false,
): CredentialRecords {
  const derive = deriveRecords(suite, indexes, similar);
  return {
    derive({ username, password, times }, emit) {
      const name = username === undefined ? undefined : normalizeUsername(username);
      if (!derive(name, normalizePassword(password), times, emit))
        throw new ProtocolError(
          'FIELD_TOO_LONG',
          `a username or password is longer than ${MAX_FIELD_BYTES} bytes`,
          'Omit this credential.',
        );
    },
  };
}

/**
 * Emits the records of a normalized credential.
 * @returns false without emitting any if a field is too long
 */
export type DeriveRecords = (
  username: NormalizedUsername | undefined,
  password: NormalizedPassword,
  times: number,
  emit: EmitRecord,
) => boolean;

/** An empty username counts as none, and an empty password gets no entry of its own. */
export function deriveRecords(suite: KeyedSuite, indexes: readonly IndexName[], similar = false): DeriveRecords {
  const wantsAccount = indexes.includes('account');
  const wantsPassword = indexes.includes('password');
  const record = new Uint8Array(RECORD_BYTES);

  const fill = (hash: BucketHash, output: PrfOutput, kind: EntryKind, times: number): Uint8Array => {
    writeU32(record, 0, hash);
    record.set(output.subarray(0, TAG_AND_SEED_BYTES), TAG_AT);
    record[KIND_AT] = kind;
    writeTimes(record, 0, Math.min(MAX_TIMES_SEEN, times));
    return record;
  };

  const fits = (usernameBytes: number, passwordBytes: number): boolean =>
    usernameBytes <= MAX_FIELD_BYTES &&
    passwordBytes <= MAX_FIELD_BYTES &&
    // RFC 9497 §1.2 bounds an input of the PRF; HMAC does not.
    (suite.name !== 'oprf' || INPUT_OVERHEAD_BYTES + usernameBytes + passwordBytes <= MAX_OPRF_INPUT_BYTES);

  return (username, password, times, emit) => {
    if (!fits(username?.length ?? 0, password.length)) return false;
    if (wantsAccount && username !== undefined && username.length > 0) {
      const hash = suite.accountBucketHash(username);
      emit('account', fill(hash, suite.evaluate(pairInput(username, password)), EntryKind.pair, times));
      emit('account', fill(hash, suite.evaluate(usernameInput(username)), EntryKind.username, times));
      // Lower case may be longer in UTF-8. A form that does not fit gets no entry.
      for (const form of similar ? similarForms(password) : [])
        if (fits(username.length, form.length))
          emit('account', fill(hash, suite.evaluate(similarInput(username, form)), EntryKind.similar, times));
    }
    if (wantsPassword && password.length > 0) {
      const output = suite.evaluate(passwordInput(password));
      emit('password', fill(passwordBucketHash(output), output, EntryKind.password, times));
    }
    return true;
  };
}
