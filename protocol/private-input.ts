// PrivateInput: the only input a suite's PRF ever takes. PROTOCOL.md §3.
//
//   struct PrivateInput {
//     u8  kind;
//     u16 usernameBytes;  u8 username[usernameBytes];
//     u16 passwordBytes;  u8 password[passwordBytes];
//   }                                                  // integers big-endian

import type { NormalizedPassword, NormalizedUsername, PrivateInput } from './brands.ts';
import { writeU16 } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** What an entry states about a credential: the first byte of its PrivateInput. */
export const EntryKind = { pair: 1, username: 2, password: 3, similar: 4 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** Maximum length of a username or a password in bytes of UTF-8: its length field has 16 bits. */
export const MAX_FIELD_BYTES = 0xffff;
/** Bytes of a PrivateInput beside its two fields: the kind and the two lengths. */
export const INPUT_OVERHEAD_BYTES = 5;
/**
 * Maximum length of a PrivateInput under the `oprf` suite, RFC 9497 §1.2. Under `hmac` the fields
 * alone bound it.
 */
export const MAX_OPRF_INPUT_BYTES = 0xffff;

const EMPTY = new Uint8Array(0);

function encodePrivateInput(kind: EntryKind, username: Uint8Array, password: Uint8Array): PrivateInput {
  if (username.length > MAX_FIELD_BYTES || password.length > MAX_FIELD_BYTES)
    throw new ProtocolError(
      'FIELD_TOO_LONG',
      `a username or password is longer than ${MAX_FIELD_BYTES} bytes`,
      'Reject longer fields.',
    );
  const input = new Uint8Array(INPUT_OVERHEAD_BYTES + username.length + password.length);
  input[0] = kind;
  writeU16(input, 1, username.length);
  input.set(username, 3);
  const passwordAt = 3 + username.length;
  writeU16(input, passwordAt, password.length);
  input.set(password, passwordAt + 2);
  return input as PrivateInput;
}

/** Kind 1: this username leaked with this password. @throws ProtocolError `FIELD_TOO_LONG` */
export function pairInput(username: NormalizedUsername, password: NormalizedPassword): PrivateInput {
  return encodePrivateInput(EntryKind.pair, username, password);
}

/** Kind 2: this username leaked with some password. @throws ProtocolError `FIELD_TOO_LONG` */
export function usernameInput(username: NormalizedUsername): PrivateInput {
  return encodePrivateInput(EntryKind.username, username, EMPTY);
}

/** Kind 3: this password leaked. @throws ProtocolError `FIELD_TOO_LONG` */
export function passwordInput(password: NormalizedPassword): PrivateInput {
  return encodePrivateInput(EntryKind.password, EMPTY, password);
}

/** Maximum number of similarity forms of a password. */
export const MAX_SIMILAR_FORMS = 5;

/**
 * Kind 4: this username leaked with a password that has this similarity form.
 * @param form one of `similarForms`
 * @throws ProtocolError `FIELD_TOO_LONG`
 */
export function similarInput(username: NormalizedUsername, form: NormalizedPassword): PrivateInput {
  return encodePrivateInput(EntryKind.similar, username, form);
}
