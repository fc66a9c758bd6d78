// What the answer to a login and the header may tell of its verdict.
//
// Events have the worst finding on all values of the request. Who sends it sees the redirect, and
// what the application does about the header: they are of one credential alone.

import type { Checks } from '../../checks/checks.ts';
import type { LeakVerdict } from '../../checks/verdict.ts';
import type { Attempt } from '../../login/attempt.ts';

interface CheckedAttempt {
  readonly attempt: Attempt;
  readonly checks: Checks;
  /** Of the session that the application begins, as it names them itself. */
  readonly sessionUsers: readonly string[];
}

/** Nothing is told. */
const NOTHING: LeakVerdict = { status: 'clean' };

/** @param verdict the worst on all values */
export async function toldVerdict(
  { attempt: { told, passwords }, checks, sessionUsers }: CheckedAttempt,
  verdict: LeakVerdict,
): Promise<LeakVerdict> {
  if (told === undefined) return verdict;
  const usernames = [...told.usernames, ...sessionUsers];
  // Of several passwords, those of the session's user are his own to try.
  const asked = told.passwords.length > 0 ? told.passwords : sessionUsers.length > 0 ? passwords : [];
  return asked.length > 0 ? checks.check({ usernames, passwords: asked }) : NOTHING;
}
