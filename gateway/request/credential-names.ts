// Names of headers that applications take for `Authorization`, or read a credential from.

import { rememberNames } from './remember-names.ts';
import { lettersOf } from './reserved-names.ts';

/**
 * `XAuthorization` and `X-Authorization` where a server takes the header itself away,
 * `Authentication`, `X-Auth-Token`: whoever looks for one takes any of a family.
 * @param name in any spelling
 */
export const isCredentialName = rememberNames((name) => lettersOf(name).includes('auth'));
