// What a request at a login has as its credential, read so that no application reads another one.

import type { Attempt, Login } from './attempt.ts';

export type LoginRefusal = 'LOGIN_UNREADABLE' | 'LOGIN_TOO_LARGE' | 'LOGIN_CODING_UNKNOWN';

export type LoginReading =
  /** No credential: an ordinary request. */
  | { readonly kind: 'none' }
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | { readonly kind: 'refused'; readonly code: LoginRefusal; readonly login: Login };
