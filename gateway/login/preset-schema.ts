// The keys of a preset's file. Only who reads a configuration checks them: workers load no zod.

import { z } from 'zod';
import { text } from '../config-values.ts';
import { LOCATION } from './location.ts';
import { SPELLINGS, type SpellingName } from './spellings.ts';

const expression = text('must be an expression');

/** Which cookies of a session name its user, and where in their value. It is URL-encoded. */
const sessionUser = z.strictObject({
  /** `*` stands for any characters. */
  cookies: z.array(text('must be a name')).min(1),
  /** The character behind the name; without it the whole value is one. */
  until: text('must be a character').length(1, { error: 'must be a character' }).optional(),
  /** How the name is written there. */
  coding: z.enum(['base64'], { error: 'must be base64' }).optional(),
});

export type SessionUser = z.output<typeof sessionUser>;

/** What a renewed cookie of a session keeps of the one before, and no other session has. */
const sessionLine = z.strictObject({
  part: z.enum(['before', 'behind'], { error: 'must be before or behind' }),
  /** Where it stands last in the value. */
  sign: text('must be a character').length(1, { error: 'must be a character' }),
});

export type SessionLine = z.output<typeof sessionLine>;

/** A page of the application, and the fields that a user fills in there. */
const page = z.strictObject({
  path: text('must be a path'),
  when: expression.optional(),
  username: expression.optional(),
  password: expression.optional(),
});

export const PRESET_SCHEMA = z.strictObject({
  name: text('must be a name'),
  title: text('must be a name'),
  /** What it was read from, and the version of the application. */
  source: text('must be a source'),
  version: text('must be a version'),
  /** The version that it ran against in a test; null if none, of which the gateway warns. */
  ranAgainst: text('must be a version').nullable(),
  logins: z.array(LOCATION).min(1),
  /** Cookies that the application sets after a login alone; `*` stands for any characters. */
  sessionCookies: z.array(text('must be a name')),
  /** More cookies of a session, also before a login: all are sealed where logins can be held. */
  sealedCookies: z.array(text('must be a name')).optional(),
  /** Left out where no cookie says in clear whose the session is. */
  sessionUser: sessionUser.optional(),
  /** Where no cookie names a user, and each renewal has another value. */
  sessionLine: sessionLine.optional(),
  /** Which requests other than logins may begin such a session: read from their heads. */
  mayBeginSession: expression.optional(),
  /** It decodes what stands behind any scheme of `Authorization`, and looks at no scheme. */
  anyScheme: z.boolean().optional(),
  signUp: page.optional(),
  changePassword: page.optional(),
  reset: page.optional(),
  /** What the application makes of a username before it looks it up. */
  spelling: z.enum(Object.keys(SPELLINGS) as [SpellingName]).optional(),
});
