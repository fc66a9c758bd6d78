// The keys `factors`: at the top level, of an application's access, and of a policy.

import { z } from 'zod';
import { duration } from '../../runtime/config/duration.ts';
import { text } from '../config-values.ts';
import { ENROLLED_METHODS } from './factor.ts';

const HOUR = 3_600_000;
const METHOD = 'must be security_key, biometrics or totp';
const AAGUID = 'must be an AAGUID, such as cb69481e-8ff7-4039-93ec-0a2729a154a8, in lower case';

export const FACTOR_METHOD = z.enum(ENROLLED_METHODS, { error: METHOD });

const methods = z
  .array(FACTOR_METHOD, { error: 'must be a list of methods' })
  .min(1, { error: 'must have a method' })
  .refine((value) => new Set(value).size === value.length, { error: 'has a method twice' });
/** How long ago one may have been given. `0m`: for each page anew. */
const every = duration('0m', '30d');

/** What is not said is as one level above. */
const LEVEL = z.union([z.literal('off'), z.strictObject({ methods: methods.optional(), every: every.optional() })], {
  error: 'must be off, or an object with methods and every',
});

const PATH = /^\/(?:[A-Za-z0-9_.~!$&'()*+,=:@-]+(?:\/[A-Za-z0-9_.~!$&'()*+,=:@-]+)*\/?)?$/;
const MAX_PATHS = 256;

export const POLICY_FACTORS_SCHEMA = LEVEL;

export const APP_FACTORS_SCHEMA = z.union(
  [
    z.literal('off'),
    z.strictObject({
      methods: methods.optional(),
      every: every.optional(),
      /** Of a path, and what lies below it: the longest one decides, whatever policies say. */
      paths: z
        .record(z.string().regex(PATH, { error: 'must be a path such as /admin, without escapes and query' }), LEVEL, {
          error: 'must be an object of paths',
        })
        .refine((value) => Object.keys(value).length <= MAX_PATHS, { error: `may have ${MAX_PATHS} paths` })
        .optional(),
    }),
  ],
  { error: 'must be off, or an object with methods, every and paths' },
);

export const FACTORS_SCHEMA = z
  .strictObject({
    /** What every application asks for. Default: nothing. */
    methods: methods.optional(),
    every: every.default(8 * HOUR),
    /** Models of authenticators that may be enrolled. Default: all. */
    aaguids: z
      .array(
        z.string({ error: AAGUID }).regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, {
          error: AAGUID,
        }),
        { error: 'must be a list of AAGUIDs' },
      )
      .min(1, { error: 'must have an AAGUID' })
      .max(1_024, { error: 'may have 1024 AAGUIDs' })
      .optional(),
    /** PEM: the CAs of their makers, which sign what an authenticator says of itself. */
    attestationFile: text('must be a path').optional(),
    /** Values of `amr` (RFC 8176) of a provider that stand for a factor. Default: none. */
    skipWhereAmr: z
      .array(text('must be a value of amr').max(64, { error: 'may have 64 characters' }), {
        error: 'must be a list of values of amr',
      })
      .max(16, { error: 'may have 16 values' })
      .default([]),
    /** How long after their import people enrol a first factor without a code. */
    window: duration('0m', '90d').default(0),
    /** A code that is mailed is enough for a first factor. */
    enrolByMail: z.boolean({ error: 'must be true or false' }).default(false),
  })
  .prefault({});

export type FactorsConfig = z.infer<typeof FACTORS_SCHEMA>;
export type AppFactorsConfig = z.infer<typeof APP_FACTORS_SCHEMA>;
export type FactorLevel = z.infer<typeof LEVEL>;
