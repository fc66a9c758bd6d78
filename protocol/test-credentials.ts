// Credentials for trying out a deployment safely, one for each verdict: PROTOCOL.md §10.
// Every snapshot contains the entries of the canary; the other verdicts follow from them.

import { bucketId, formatPrefix } from './bucket-id.ts';
import { entryTag, formatTag } from './entry.ts';
import { normalizePassword, normalizeUsername } from './normalize.ts';
import { pairInput } from './private-input.ts';
import type { KeyedSuite } from './suite.ts';

/**
 * Belongs to nobody: `.invalid` cannot be registered (RFC 2606). The statement holds the values
 * that a correct client computes for it.
 */
const USERNAME = 'canary@credveil.invalid';
const PASSWORD = 'credveil-canary';
export const CANARY = { username: USERNAME, password: PASSWORD } as const;

/** Belongs to nobody either, and is in no snapshot. */
const NOBODY = 'nobody@credveil.invalid';

/**
 * By verdict. If a dataset lacks the index that one needs, the verdict is a lesser one: PROTOCOL.md
 * §10.
 */
export const TEST_CREDENTIALS = {
  pair: CANARY,
  similar: { username: USERNAME, password: 'Credveil-Canary1' },
  password: { username: NOBODY, password: PASSWORD },
  username: { username: USERNAME, password: 'never-leaked' },
  clean: { username: NOBODY, password: 'never-leaked' },
} as const;

/** The values that a correct client computes for the canary. */
export interface KnownAnswer {
  /** The canary's BucketHash in the account index, 8 hex digits. */
  readonly accountHash: string;
  /** The tag of its pair entry, 12 hex digits. */
  readonly tag: string;
}

/**
 * Computes the known answer: publishing puts it into the statement, a client compares it with the
 * statement's.
 */
export function knownAnswer(suite: KeyedSuite): KnownAnswer {
  const username = normalizeUsername(CANARY.username);
  const hash = suite.accountBucketHash(username);
  const tag = entryTag(suite.evaluate(pairInput(username, normalizePassword(CANARY.password))));
  return { accountHash: formatPrefix(bucketId(hash, 32), 32), tag: formatTag(tag) };
}
