// A digest that lets the event loop do other work between its parts.

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** About a millisecond. */
const PART_BYTES = 2 ** 20;

/** SHA-256. WebCrypto would copy all of it at once first. */
export async function digestInTurns(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + PART_BYTES));
  }
  return hash.digest();
}
