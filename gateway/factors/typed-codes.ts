// Codes of 80 bits that people type: once to enrol, or where they have no factor at hand. The state
// has hashes of them.

import { hash, randomBytes } from 'node:crypto';

/** Crockford's Base32: no letter of it is read for a digit. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
/** 80 bits. */
const LENGTH = 16;

/** As in `k3m9-x7q2-0v5t-r8bd`. */
export function drawCode(): string {
  // Each byte gives one of 32 letters, without a remainder.
  const letters = [...randomBytes(LENGTH)].map((byte) => LETTERS[byte & 31]).join('');
  return letters.replace(/.{4}(?=.)/g, '$&-');
}

/** Of what somebody typed. Undefined for anything that is no such code. */
export function hashOfCode(typed: string): string | undefined {
  if (typed.length > 4 * LENGTH) return undefined;
  const letters = typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');
  if (letters.length !== LENGTH || ![...letters].every((letter) => LETTERS.includes(letter))) return undefined;
  return hash('sha256', `credveil code ${letters}`, 'base64url');
}
