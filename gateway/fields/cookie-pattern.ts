// Names of cookies in a configuration: `*` stands for any characters, and cannot stand alone.

import { z } from 'zod';
import { createWildcard } from '../rules/wildcard.ts';

/** A pattern without a letter or digit would be any cookie. */
const isCookiePattern = (name: string): boolean =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name) &&
  /[0-9A-Za-z]/.test(name) &&
  typeof createWildcard(name, true) !== 'string';

const MAX_COOKIES = 20;

export const COOKIE_PATTERNS = z
  .array(
    z.string().refine((name) => isCookiePattern(name), { error: 'must be the name of a cookie' }),
    { error: 'must be a list of names of cookies' },
  )
  .max(MAX_COOKIES, { error: `may have ${MAX_COOKIES} names` });
