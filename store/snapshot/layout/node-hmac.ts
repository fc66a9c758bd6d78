// The platform's HMAC for protocol/seal.ts.

import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { HmacSha256 } from '../../../protocol/seal.ts';

/** Making one anew takes twice as long as the HMAC of a bucket. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

export const nodeHmacSha256: HmacSha256 = (key, message) =>
  createHmac('sha256', keyObjectOf(key)).update(message).digest();

function keyObjectOf(key: Uint8Array): KeyObject {
  let known = keyObjects.get(key);
  if (!known) {
    known = createSecretKey(key);
    keyObjects.set(key, known);
  }
  return known;
}
