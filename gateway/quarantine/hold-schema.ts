// The keys of `login.hold`: what an application needs so that a login can be held back.

import { z } from 'zod';
import { duration } from '../../runtime/config/duration.ts';
import { OWN_HOSTS, text } from '../config-values.ts';
import { COOKIE_PATTERNS } from '../fields/cookie-pattern.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const path = z
  .string({ error: 'must be a path' })
  .regex(/^\/[\x21-\x7e]{0,1000}$/, { error: 'must be a path' })
  .refine((value) => !/[#\\]/.test(value), { error: 'must be a path' });

const MAX_PAGES = 4;

/** A page that names who is signed in, and nobody else. */
const page = z.strictObject({
  path,
  /** What stands before the name there, and what behind it. */
  after: text('must be text'),
  before: text('must be text'),
});

/** Several, where areas have sessions of their own. */
const whoami = z.union(
  [
    page.transform((one) => [one]),
    z
      .array(page)
      .min(1, { error: 'must have a page' })
      .max(MAX_PAGES, { error: `may have ${MAX_PAGES} pages` }),
  ],
  { error: 'must be an object with path, after and before, or a list of them' },
);

export const HOLD_SCHEMA = z.strictObject({
  /** Cookies of sessions, also before a login. Default: those of the presets and of `login`. */
  sessions: COOKIE_PATTERNS.default([]),
  /** The hosts where logins can be held: nobody logs in at others. */
  hosts: OWN_HOSTS,
  /** Needed where no cookie of a preset names the user. */
  whoami: whoami.default([]),
  /** How long a login waits for its owner. */
  for: duration('1m', '30m').default(5 * MINUTE),
  /** Locations whose programs wait for the owner of the account. */
  wait: z.array(text('must be the name of a location'), { error: 'must be a list of locations' }).max(200).default([]),
  /** The longest that a session of the application lasts. Sealed cookies last no longer. */
  sessionLife: duration('1h', '400d').default(30 * DAY),
  /** How long after a login was confirmed its password has to be changed. Default: 3d. */
  mustChange: duration('0s', '90d').optional(),
  /** How the application ends its session, where a login was held that nobody has confirmed. */
  logout: z
    .strictObject({ path, method: z.enum(['GET', 'POST'], { error: 'must be GET or POST' }).default('GET') })
    .optional(),
  /** Where a login goes on whose answer was too long to be kept. */
  start: path.default('/'),
});

export type HoldConfig = z.output<typeof HOLD_SCHEMA>;
