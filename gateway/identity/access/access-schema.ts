// The key `access` of an application: who may reach it at all.

import { z } from 'zod';
import { APP_PROVIDERS_SCHEMA, APP_SESSION_SCHEMA } from '../identity-schema.ts';
import { POLICIES_SCHEMA } from '../policies/policy-schema.ts';

export const ACCESS_SCHEMA = z.strictObject({
  /** Without one that lets somebody in, nobody is. */
  policies: POLICIES_SCHEMA,
  /** Names of those whose people may sign in for it. Default: all of `identity`. */
  providers: APP_PROVIDERS_SCHEMA.optional(),
  /** How long a sign-in holds here, if not as long as elsewhere. */
  session: APP_SESSION_SCHEMA.optional(),
});

export type AccessConfig = z.infer<typeof ACCESS_SCHEMA>;
