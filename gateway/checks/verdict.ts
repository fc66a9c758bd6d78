// What is known of the credential of a login. Apart from the checks: a gateway without `leaks`
// loads none of them.

import type { ExposedCredentialCheck, UnknownReason, VerdictStatus } from '../../client-sdk/index.ts';
import { worstOf } from '../../client-sdk/verdict/decide.ts';

/** What is known of the credential of a login. */
export interface LeakVerdict {
  readonly status: VerdictStatus;
  /** For the header `Exposed-Credential-Check`; undefined with `clean` and `unknown`. */
  readonly header?: ExposedCredentialCheck;
  /** Of `unknown` alone. */
  readonly reason?: UnknownReason | 'CHECK_BUDGET';
  /** Of a finding: why another question has no answer. */
  readonly missing?: UnknownReason;
  /** `unknown` through what the client sent, and not because the service failed. */
  readonly isOfRequest?: boolean;
  /**
   * The pair may be one that was not asked for, where logins are held back: `unnamed` as long as
   * only the client says whose login it is, `cut` where a user has more names than are kept.
   */
  readonly mayBePair?: 'unnamed' | 'cut' | undefined;
  /** Texts in other fields, with which the password has leaked as well: never in an event. */
  readonly otherNames?: readonly string[] | undefined;
}

/** Nobody can ask about what the client has sent. */
export const UNREADABLE: LeakVerdict = { status: 'unknown', reason: 'CREDENTIAL_UNREADABLE', isOfRequest: true };

/** Of questions about one login. @param verdicts at least one */
export function worstVerdict(verdicts: readonly LeakVerdict[]): LeakVerdict {
  const worst = worstOf(verdicts);
  const kinds = verdicts.map(({ mayBePair }) => mayBePair);
  const mayBePair = kinds.find((kind) => kind === 'cut') ?? kinds.find((kind) => kind !== undefined);
  const missing = verdicts.map((verdict) => verdict.missing ?? verdict.reason).find((reason) => reason !== undefined);
  return {
    ...worst,
    // A finding says nothing of what could not be asked.
    ...(worst.status !== 'unknown' && missing !== undefined && missing !== 'CHECK_BUDGET' && { missing }),
    ...(mayBePair && { mayBePair }),
  };
}

/** The application has named one user for sure, under whose names it was asked for. */
export const namedVerdict = (verdict: LeakVerdict): LeakVerdict =>
  verdict.mayBePair === 'unnamed' ? { ...verdict, mayBePair: undefined } : verdict;
