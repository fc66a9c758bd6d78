// How a guard refuses a request: problems of RFC 9457.

export type RefusalCode = 'PASSWORD_LEAKED' | 'USERNAME_LEAKED' | 'CREDENTIAL_UNREADABLE' | 'CHECK_UNAVAILABLE';

export interface Refusal {
  readonly type: `urn:credveil:problem:${string}`;
  readonly title: string;
  readonly status: number;
  /** For the person who typed the credential. */
  readonly detail: string;
  readonly code: RefusalCode;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Pair, similar and password share one text: a difference would reveal whose password leaked. */
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
  CREDENTIAL_UNREADABLE: {
    type: 'urn:credveil:problem:credential-unreadable',
    title: 'Unreadable credential',
    status: 400,
    detail: 'The username and password in this request cannot be read in one way. Send each once, as text.',
    code: 'CREDENTIAL_UNREADABLE',
  },
  CHECK_UNAVAILABLE: {
    type: 'urn:credveil:problem:check-unavailable',
    title: 'Check unavailable',
    status: 503,
    detail: 'This password could not be checked against known data breaches. Try again later.',
    code: 'CHECK_UNAVAILABLE',
  },
};
