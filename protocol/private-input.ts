// PrivateInput, the only thing a suite's PRF is ever applied to: PROTOCOL.md §3.
//
//   struct PrivateInput {
//     u8  kind;
//     u16 usernameBytes;  u8 username[usernameBytes];
//     u16 passwordBytes;  u8 password[passwordBytes];
//   }                                                  // integers big-endian

import type { NormalizedPassword, NormalizedUsername, PrivateInput } from './brands.ts';
import { ProtocolError } from './errors.ts';

/** What an entry says: the first byte of its PrivateInput. */
export const EntryKind = { pair: 1, username: 2, password: 3, similar: 4 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** The longest username or password in bytes of UTF-8. */
export const MAX_FIELD_BYTES = 0xffff;

const EMPTY = new Uint8Array(0);

function encodePrivateInput(kind: EntryKind, username: Uint8Array, password: Uint8Array): PrivateInput {
  if (username.length > MAX_FIELD_BYTES || password.length > MAX_FIELD_BYTES)
    throw new ProtocolError(
      'FIELD_TOO_LONG',
      `a username or password is longer than ${MAX_FIELD_BYTES} bytes`,
      'Refuse fields of this length where they enter your program.',
    );
  const input = new Uint8Array(5 + username.length + password.length);
  input[0] = kind;
  input[1] = username.length >>> 8;
  input[2] = username.length;
  input.set(username, 3);
  const at = 3 + username.length;
  input[at] = password.length >>> 8;
  input[at + 1] = password.length;
  input.set(password, at + 2);
  return input as PrivateInput;
}

/** @throws ProtocolError `FIELD_TOO_LONG` */
export function pairInput(username: NormalizedUsername, password: NormalizedPassword): PrivateInput {
  return encodePrivateInput(EntryKind.pair, username, password);
}

/** @throws ProtocolError `FIELD_TOO_LONG` */
export function usernameInput(username: NormalizedUsername): PrivateInput {
  return encodePrivateInput(EntryKind.username, username, EMPTY);
}

/** @throws ProtocolError `FIELD_TOO_LONG` */
export function passwordInput(password: NormalizedPassword): PrivateInput {
  return encodePrivateInput(EntryKind.password, EMPTY, password);
}

/** @param form one of similar.ts @throws ProtocolError `FIELD_TOO_LONG` */
export function similarInput(username: NormalizedUsername, form: NormalizedPassword): PrivateInput {
  return encodePrivateInput(EntryKind.similar, username, form);
}
