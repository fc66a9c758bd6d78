// The key `access` of an application: who may reach it at all.

import { z } from 'zod';
import { POLICIES_SCHEMA } from '../policies/policy-schema.ts';

export const ACCESS_SCHEMA = z.strictObject({
  /** Without one that lets somebody in, nobody is. */
  policies: POLICIES_SCHEMA,
});

export type AccessConfig = z.infer<typeof ACCESS_SCHEMA>;
