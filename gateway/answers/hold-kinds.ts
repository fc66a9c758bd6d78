// What the gateway answers where logins can be held back.

import { type AnswerKind, malformed } from './kind.ts';

export const HOLD_KINDS = {
  SESSION_IN_TARGET: malformed(
    'The address names a session.',
    'Remove it: this site takes sessions from cookies alone.',
  ),
  HOLD_STALE: malformed('This sign-in is over, or began in another browser.', 'Open the site, and sign in again.'),
  LOGIN_HELD: {
    status: 401,
    title: 'Sign-in not confirmed',
    detail: 'This sign-in waits until the owner of the account confirms it.',
    hint: 'Open the site in a browser, and sign in there.',
  },
  LOGIN_WRONG: {
    status: 401,
    title: 'Not signed in',
    detail: 'The name or the password was wrong, or this sign-in is one that cannot be confirmed.',
    hint: 'Check both, and sign in again. If you are sure of them, ask the site for a new password.',
  },
  LOGIN_PENDING: {
    status: 503,
    title: 'Sign-in in progress',
    detail: 'A sign-in of this browser is on its way, or has just ended.',
    hint: 'Load the page again in a few seconds.',
  },
  HOLD_FULL: {
    status: 503,
    title: 'Sign-in not possible now',
    detail: 'Too many sign-ins wait until their owners confirm them.',
    hint: 'Try again in some minutes.',
  },
} as const satisfies { readonly [code: string]: AnswerKind };
