// The key `policies` of an application's `access`.

import { z } from 'zod';
import { parseNetwork } from '../../addresses/network.ts';
import { text } from '../../config-values.ts';
import { serialOf } from '../../devices/certificate/client-certificate.ts';
import { HASH, KEY_HASH, LIST, LIST_REFERENCE } from '../../devices/device-schema.ts';
import { FACTOR_METHOD, POLICY_FACTORS_SCHEMA } from '../../factors/factor-schema.ts';
import { LIST_NAME } from '../../lists/list-names.ts';
import { EMAIL } from '../email.ts';
import { APP_SESSION_SCHEMA } from '../identity-schema.ts';

const MAX_POLICIES = 256;
const MAX_SELECTORS = 256;
const MAX_VALUES = 1_024;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const DOMAIN = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/;
/** RFC 9110 §4.1, without what would make a path another one. */
const PATH = /^\/(?:[A-Za-z0-9_.~!$&'()*+,=:@-]+(?:\/[A-Za-z0-9_.~!$&'()*+,=:@-]+)*\/?)?$/;

/** @param error what the value must be; default: what the value says of itself */
const several = <Value extends z.ZodType>(value: Value, error?: string) =>
  z.union(
    [
      value.transform((one) => [one]),
      z
        .array(value)
        .min(1, { error: 'must have a value' })
        .max(MAX_VALUES, { error: `has more than ${MAX_VALUES} values` }),
    ],
    { error: ({ input, errors }) => error ?? errors[Array.isArray(input) ? 1 : 0]?.[0]?.message },
  );

const nameOf = (what: string) => z.string({ error: `must be ${what}` }).regex(NAME, { error: `must be ${what}` });

const ADDRESS = 'must be an address, a network such as 192.0.2.0/24, or a list such as $office';
const address = z
  .string({ error: ADDRESS })
  .refine((value) => (value.startsWith('$') ? LIST_NAME.test(value.slice(1)) : isNetwork(value)), { error: ADDRESS });

function isNetwork(value: string): boolean {
  const network = parseNetwork(value);
  return network !== undefined && !network.hasHostBits;
}

const SERIAL = 'must be a serial number in hexadecimal, in quotes';
const serial = z
  .string({ error: SERIAL })
  .regex(/^[0-9A-Fa-f]{1,40}$/, { error: SERIAL })
  .transform(serialOf);

const CERTIFICATE = 'must be true, or an object with issuer, serial, commonName, email or dns';
const certificate = z.union(
  [
    z.literal(true),
    z
      .strictObject({
        issuer: several(KEY_HASH, HASH).optional(),
        serial: several(serial, SERIAL).optional(),
        commonName: several(text('must be text')).optional(),
        email: several(text('must be an e-mail address').toLowerCase()).optional(),
        dns: several(text('must be a DNS name').toLowerCase()).optional(),
      })
      .refine((value) => Object.values(value).some((each) => each !== undefined), { error: CERTIFICATE })
      .refine(({ issuer, serial: of }) => of === undefined || issuer !== undefined, {
        error: 'has a serial, which means something together with its issuer alone',
      }),
  ],
  { error: CERTIFICATE },
);

const COUNTRY = 'must be a country of two letters, such as DE, in quotes';
const country = z
  .string({ error: COUNTRY })
  .toUpperCase()
  .regex(/^[A-Z]{2}$/, { error: COUNTRY });
const ASN = 'must be the number of an autonomous system';
const asn = z
  .int({ error: ASN })
  .min(1, { error: ASN })
  .max(2 ** 32 - 1, { error: ASN });

const lower = (error: string, shape: RegExp) => z.string({ error }).toLowerCase().regex(shape, { error });

const selector = z
  .strictObject({
    everyone: z.literal(true, { error: 'must be true' }).optional(),
    email: several(lower('must be an e-mail address, as a person can have it', EMAIL)).optional(),
    emailDomain: several(lower('must be a domain without @, such as example.com', DOMAIN)).optional(),
    group: several(text('must be a group')).optional(),
    claim: z
      .strictObject({ name: text('must be the name of a claim'), value: several(text('must be text')) })
      .optional(),
    provider: several(nameOf('the name of a provider')).optional(),
    address: several(address).optional(),
    serviceToken: several(nameOf('the name of a service token')).optional(),
    country: several(country, COUNTRY).optional(),
    asn: several(asn, ASN).optional(),
    certificate: certificate.optional(),
    device: several(LIST_REFERENCE, LIST).optional(),
    factor: several(FACTOR_METHOD).optional(),
  })
  .refine((value) => Object.values(value).filter((each) => each !== undefined).length === 1, {
    error: 'must have one key: write a selector for each',
  });

const selectors = z
  .array(selector, { error: 'must be a list of selectors' })
  .max(MAX_SELECTORS, { error: `may have ${MAX_SELECTORS} selectors` });

const keys = z.strictObject({
  /** In events, and in what `access test` prints. */
  name: nameOf('a name of letters, digits, - and _'),
  action: z.enum(['allow', 'block', 'bypass', 'service'], { error: 'must be allow, block, bypass or service' }),
  /** Any of them. */
  include: selectors.min(1, { error: 'must have a selector' }),
  /** All of them. */
  require: selectors.default([]),
  /** None of them. */
  exclude: selectors.default([]),
  /** Where it is judged: a path, and what lies below it. */
  paths: several(
    z
      .string({ error: 'must be a path' })
      .regex(PATH, { error: 'must be a path such as /admin, without escapes and query' }),
  ).default(['/']),
  /** How long ago a person may have signed in whom it lets in, and been idle since. */
  session: APP_SESSION_SCHEMA.refine(({ absolute, idle }) => (absolute ?? idle) !== undefined, {
    error: 'must have absolute, idle or both',
  }).optional(),
  /** What else people show whom it lets in. Default: as the application says. */
  factors: POLICY_FACTORS_SCHEMA.optional(),
});

const policy = keys.refine(({ action, session }) => session === undefined || action === 'allow', {
  error: 'is of policies that allow: others let nobody in who has signed in',
  path: ['session'],
});

export const POLICIES_SCHEMA = z
  .array(policy, { error: 'must be a list of policies' })
  .max(MAX_POLICIES, { error: `may have ${MAX_POLICIES} policies` })
  .refine((policies) => new Set(policies.map(({ name }) => name)).size === policies.length, {
    error: 'has two policies of one name',
  });

export type PolicyConfig = z.infer<typeof policy>;
export type PolicySession = NonNullable<PolicyConfig['session']>;
export type SelectorConfig = z.infer<typeof selector>;
