// Comparing what somebody sent with what only they should know.

import { timingSafeEqual } from 'node:crypto';

/** In a time that does not depend on where they differ; their lengths are no secret. */
export function isSameSecret(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
