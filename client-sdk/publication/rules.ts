// What a checker demands of a head and its statement before it uses them. PROTOCOL.md §14.

import type { Head } from '../../protocol/signed/head.ts';
import type { Statement } from '../../protocol/signed/statement.ts';
import { lookupFailure } from '../errors.ts';
import { momentAt } from '../moment.ts';
import type { CheckerSettings } from '../options.ts';
import type { Authority } from './authority.ts';
import type { Seen } from './seen.ts';
import type { HeadLife } from './snapshot.ts';

/** How far the clocks of publisher and client may differ. */
const CLOCK_SKEW_MS = 300_000;

/**
 * How long a verified head may be believed.
 * @throws LookupError `SNAPSHOT_OLDER`, `CLOCK_WRONG`, `SNAPSHOT_STALE`
 */
export function lifeOf(head: Head, seen: Seen, { maxSnapshotAgeMs }: CheckerSettings): HeadLife {
  const now = Date.now();
  const issuedAt = Date.parse(head.issuedAt);
  if (head.sequence < seen.sequence) throw lookupFailure('SNAPSHOT_OLDER');
  // A clock that was set back would make an old head young again.
  if (Math.max(issuedAt, seen.issuedAt) > now + CLOCK_SKEW_MS) throw lookupFailure('CLOCK_WRONG');
  const staleAt = Math.min(Date.parse(head.validUntil), issuedAt + maxSnapshotAgeMs);
  if (now > staleAt) throw lookupFailure('SNAPSHOT_STALE');
  return { issuedAt: momentAt(issuedAt), staleAt: momentAt(staleAt) };
}

/**
 * Compares a verified statement with its head, the pin and the caller's limits.
 * @throws LookupError `DATASET_MISMATCH`, `HEAD_FORGED`, `STATEMENT_FORGED`, `PREFIX_TOO_LONG`
 */
export function assertStatement(
  statement: Statement,
  head: Head,
  { dataset, auth }: Authority,
  { maxPrefixBits, minUsernames }: CheckerSettings,
): void {
  if (statement.dataset !== dataset) throw lookupFailure('DATASET_MISMATCH');
  if (statement.auth !== auth) throw lookupFailure('STATEMENT_FORGED', { detail: 'its auth is not the pinned one' });
  // A delegated key signs heads alone: it cannot raise the number.
  if (statement.sequence !== head.sequence)
    throw lookupFailure('HEAD_FORGED', { detail: "its sequence is not its statement's" });
  // The other layers have the same prefixes.
  const [{ indexes }] = statement.layers;
  for (const name of ['account', 'password'] as const) {
    const { prefixBits = 0, usernames = Number.POSITIVE_INFINITY } = indexes[name] ?? {};
    if (prefixBits > maxPrefixBits[name])
      throw lookupFailure('PREFIX_TOO_LONG', { detail: `${prefixBits} bits of the index ${name}` });
    if (prefixBits > 0 && usernames < minUsernames * 2 ** prefixBits)
      throw lookupFailure('PREFIX_TOO_LONG', { detail: 'too few usernames share one' });
  }
}
