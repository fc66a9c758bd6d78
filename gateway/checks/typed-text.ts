// The bound of what a login has as a name or a password, before anything is made of it: to put a
// run of marks in order takes any normalization quadratic time.

import { isTooLong, normalizeUsername } from '../../protocol/normalize.ts';
import { hasOneSpelling } from './password-spellings.ts';

/** In UTF-16 units, so that it has 3,072 bytes at most. */
const MAX_LENGTH = 1_024;

/**
 * As many marks as stand in turn in text of UAX #15 §13 (Stream-Safe Text), and one more. Two
 * letters decompose to marks, and what nobody sees may be taken away between them.
 */
const LONG_RUN = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}\uff9e\uff9f]{31}/u;

/** A name as checks compare it; one that no entry has as it is. */
export const nameBytes = (name: string): Uint8Array =>
  isTooLong(name) ? new TextEncoder().encode(name) : normalizeUsername(name);

/** Whether anybody types it. Tokens of programs may be longer: ASCII has no marks. */
export const isTypeable = (text: string): boolean =>
  text.length <= MAX_LENGTH ? !LONG_RUN.test(text) : hasOneSpelling(text);
