// What a request is answered that is denied: a problem (RFC 9457) that says why, as NIST SP 800-63B-4 §3.1.1.2 wants it.

export type RefusalCode = 'PASSWORD_LEAKED' | 'USERNAME_LEAKED' | 'CHECK_UNAVAILABLE';

export interface Refusal {
  readonly type: `urn:credveil:problem:${string}`;
  readonly title: string;
  readonly status: number;
  /** For the person who typed the credential. */
  readonly detail: string;
  readonly code: RefusalCode;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Pair, similar and password read alike: an answer that told them apart would tell whose password it is. */
export const REFUSALS: { readonly [code in RefusalCode]: Refusal } = {
  PASSWORD_LEAKED: {
    type: 'urn:credveil:problem:password-leaked',
    title: 'Leaked password',
    status: 422,
    detail: 'This password has appeared in a data breach, so attackers will try it. Choose another one.',
    code: 'PASSWORD_LEAKED',
  },
  USERNAME_LEAKED: {
    type: 'urn:credveil:problem:username-leaked',
    title: 'Leaked username',
    status: 422,
    detail: 'This username has appeared in a data breach. Choose another one.',
    code: 'USERNAME_LEAKED',
  },
  CHECK_UNAVAILABLE: {
    type: 'urn:credveil:problem:check-unavailable',
    title: 'Check unavailable',
    status: 503,
    detail: 'Whether this password has leaked cannot be checked at the moment. Try again later.',
    code: 'CHECK_UNAVAILABLE',
  },
};
