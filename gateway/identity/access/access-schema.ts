// The key `access` of an application: who may reach it at all, and what it is told of them.

import { z } from 'zod';
import { duration } from '../../../runtime/config/duration.ts';
import { OWN_HOSTS, text } from '../../config-values.ts';
import { APP_FACTORS_SCHEMA } from '../../factors/factor-schema.ts';
import { kindOf } from '../../request/name-kind.ts';
import { lettersOf } from '../../request/reserved-names.ts';
import { IDENTITY_SOURCE } from '../assertion/identity-headers.ts';
import { APP_PROVIDERS_SCHEMA, APP_SESSION_SCHEMA } from '../identity-schema.ts';
import { POLICIES_SCHEMA } from '../policies/policy-schema.ts';

const MAX_HEADERS = 32;
const NAME = 'must be a header name of letters, digits and hyphens that is not sent otherwise';

const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, { error: NAME })
  .refine(isFree, { error: NAME });

/** Some proxies say who somebody is in `X-Forwarded-User`, `X-Forwarded-Email` and the like. */
function isFree(name: string): boolean {
  return kindOf(name) === 'plain' || /^xforwarded(?:user|email|groups|preferredusername)$/.test(lettersOf(name));
}

const ORIGIN = 'must be an origin, such as https://app.example.com';
const TOKEN = /^[A-Za-z0-9-]{1,64}$/;

/** What scripts of other origins may send here with a person's cookies. */
const cors = z.strictObject({
  origins: z
    .array(
      z.string({ error: ORIGIN }).refine((value) => URL.canParse(value) && new URL(value).origin === value, {
        error: ORIGIN,
      }),
      { error: 'must be a list of origins' },
    )
    .min(1, { error: 'must have an origin' })
    .max(64, { error: 'may have 64 origins' }),
  methods: z
    .array(z.string({ error: 'must be a method' }).regex(/^[A-Z]{1,32}$/, { error: 'must be a method in capitals' }), {
      error: 'must be a list of methods',
    })
    .max(32, { error: 'may have 32 methods' })
    .default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  headers: z
    .array(z.string({ error: 'must be a header name' }).regex(TOKEN, { error: 'must be a header name' }), {
      error: 'must be a list of header names',
    })
    .max(64, { error: 'may have 64 headers' })
    .default(['Content-Type']),
  /** How long a browser does not ask again. */
  maxAge: duration('1s', '1d').default(600_000),
});

const SOURCE = 'must be email, subject, provider, groups, serviceToken or claim:NAME';
const source = z.string({ error: SOURCE }).regex(IDENTITY_SOURCE, { error: SOURCE });

export const ACCESS_SCHEMA = z.strictObject({
  /** Without one that lets somebody in, nobody is. */
  policies: POLICIES_SCHEMA,
  /** Names of those whose people may sign in for it. Default: all of `identity`. */
  providers: APP_PROVIDERS_SCHEMA.optional(),
  /** The hosts where people sign in. */
  hosts: OWN_HOSTS,
  /** How long a sign-in holds here, if not as long as elsewhere. */
  session: APP_SESSION_SCHEMA.optional(),
  /** As the page calls it where people find their applications. Default: its name. */
  label: text('must be text').max(64, { error: 'may have 64 characters' }).optional(),
  /** Whether that page shows it to those whom it would let in. */
  launcher: z.boolean({ error: 'must be true or false' }).default(true),
  /** What else people show. Default: as at the top level. */
  factors: APP_FACTORS_SCHEMA.optional(),
  /** Plain headers for the application, by name, and what they say of who was let in. */
  headers: z
    .record(headerName, source, { error: 'must be an object of header names' })
    .refine((value) => Object.keys(value).length <= MAX_HEADERS, { error: `may have ${MAX_HEADERS} headers` })
    .default({}),
  /** Answers to what browsers ask before requests of other origins. Default: none passes. */
  cors: cors.optional(),
  /** The assertion stands in `Cf-Access-Jwt-Assertion` too. */
  assertionAlias: z.boolean({ error: 'must be true or false' }).default(false),
});

export type AccessConfig = z.infer<typeof ACCESS_SCHEMA>;
