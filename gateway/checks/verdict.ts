// What is known of the credential of a login. Apart from the checks: a gateway without `leaks`
// loads none of them.

import type { ExposedCredentialCheck, UnknownReason, VerdictStatus } from '../../client-sdk/index.ts';

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
}

/** Nobody can ask about what the client has sent. */
export const UNREADABLE: LeakVerdict = { status: 'unknown', reason: 'CREDENTIAL_UNREADABLE', isOfRequest: true };
