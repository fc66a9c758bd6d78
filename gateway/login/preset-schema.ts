// The keys of a preset's file. Only who reads a configuration checks them: workers load no zod.

import { z } from 'zod';
import { text } from '../config-values.ts';
import { LOCATION } from './location.ts';

const expression = text('must be an expression');

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
  /** Which requests other than logins may begin such a session: read from their heads. */
  mayBeginSession: expression.optional(),
  signUp: page.optional(),
  changePassword: page.optional(),
  reset: page.optional(),
});
