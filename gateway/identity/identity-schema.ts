// The keys `identity`, who says who somebody is, and `sessions`, how long that holds.

import { z } from 'zod';
import { duration } from '../../runtime/config/duration.ts';
import { text } from '../config-values.ts';
import { SERVER_KEYS } from '../mail/mail-schema.ts';
import { EMAIL } from './email.ts';

export const PROVIDER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const MAX_PROVIDERS = 32;
const HOUR = 3_600_000;
export const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const SAFE_URL = 'must be https:// with a host, and without user name and fragment; http:// on loopback';

/** What is sent there opens sessions, so that it goes under TLS or stays on this machine. */
const safeUrl = z.string({ error: SAFE_URL }).refine(isSafeUrl, { error: SAFE_URL });

function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  const isBare = username === '' && password === '' && hash === '';
  return isBare && (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname)));
}

const claim = text('must be the name of a claim').max(256, { error: 'may have 256 characters' });
/** RFC 6749 §3.3. */
const scope = z
  .string({ error: 'must be a scope' })
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, { error: 'must be a scope' });

const shared = {
  /** As the page calls it that lets people choose. Default: its name. */
  label: text('must be text').max(64, { error: 'may have 64 characters' }).optional(),
  clientId: text('must be the id that the provider gave this gateway').max(256, { error: 'may have 256 characters' }),
  /** Without one, the client is a public one, which PKCE alone secures. */
  clientSecretFile: text('must be a path').optional(),
  /** PEM: the CAs of the provider's certificate, if they are one's own. */
  caFile: text('must be a path').optional(),
};

const oidc = z.strictObject({
  /** The issuer, as its documents name it. */
  oidc: safeUrl.refine((value) => !value.includes('?'), { error: 'must be an issuer, without query' }),
  ...shared,
  scopes: z
    .array(scope, { error: 'must be a list of scopes' })
    .max(32, { error: 'may have 32 scopes' })
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid'), { error: 'must have openid' }),
  /** The claim that has the groups of a person. */
  groups: claim.default('groups'),
  /** The claim that says whether the e-mail is theirs: OpenID Connect Core §5.1. */
  emailVerified: claim.default('email_verified'),
});

const member = z
  .string({ error: 'must be the name of a member' })
  .regex(/^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,7}$/, {
    error: 'must be the name of a member, such as data.id',
  });
/** What they mean is given by keys of their own. */
const otherMember = member.refine(
  (name) => !['sub', 'email', 'email_verified', 'groups', 'amr', 'sid'].includes(name),
  {
    error: 'must be the name of another member',
  },
);

const oauth = z.strictObject({
  oauth: z.strictObject({
    /** Where browsers go, and where the gateway gets an access token. */
    authorize: safeUrl,
    token: safeUrl,
    /** What says, as JSON, whose token it is. */
    user: safeUrl,
    /** If its answers name one: RFC 9207. */
    issuer: safeUrl.optional(),
    /** The members that have the id of an account, its e-mail, and whether that was verified. */
    subject: member.default('id'),
    email: member.default('email'),
    emailVerified: member.optional(),
    /** What says, as JSON, a list of e-mails with `email`, `primary` and `verified`. */
    emails: safeUrl.optional(),
    groups: member.optional(),
    /** Further members, for policies. */
    claims: z.array(otherMember, { error: 'must be a list of members' }).max(32).default([]),
  }),
  ...shared,
  scopes: z.array(scope, { error: 'must be a list of scopes' }).max(32, { error: 'may have 32 scopes' }).default([]),
});

const TO = 'must be an e-mail address, or @ and a domain, in lower case';
const pin = z.strictObject({
  pin: z.strictObject({
    ...SERVER_KEYS,
    /** Who may sign in so: addresses, and @ with a domain. */
    to: z
      .array(
        z.string({ error: TO }).refine((to) => EMAIL.test(to.startsWith('@') ? `a${to}` : to), { error: TO }),
        {
          error: 'must be a list',
        },
      )
      .min(1, { error: 'must have an address or a domain' })
      .max(10_000),
  }),
  label: shared.label,
  caFile: shared.caFile,
});

const provider = z.union([oidc, oauth, pin], {
  error: 'must be an object with oidc, oauth or pin',
});

export const IDENTITY_SCHEMA = z
  .record(z.string().regex(PROVIDER_NAME, { error: 'must be a name of letters, digits, - and _' }), provider, {
    error: 'must be an object of providers by name',
  })
  .refine((value) => Object.keys(value).length <= MAX_PROVIDERS, { error: `may have ${MAX_PROVIDERS} providers` })
  .default({});

export const SESSIONS_SCHEMA = z
  .strictObject({
    /** Since the person signed in. */
    absolute: duration('5m', '30d').default(24 * HOUR),
    /** Without a request. */
    idle: duration('1m', '30d').default(8 * HOUR),
    /** What a session asks for that comes from another network, program and browser at once. */
    drift: z.enum(['off', 'step_up'], { error: 'must be off or step_up' }).default('off'),
  })
  .prefault({});

/** An application may ask for shorter ones. */
export const APP_SESSION_SCHEMA = z.strictObject({
  absolute: duration('5m', '30d').optional(),
  idle: duration('1m', '30d').optional(),
});

export const APP_PROVIDERS_SCHEMA = z
  .array(text('must be the name of a provider'), { error: 'must be a list of providers' })
  .min(1, { error: 'must have a provider' })
  .max(MAX_PROVIDERS, { error: `may have ${MAX_PROVIDERS} providers` });

export type OidcConfig = z.infer<typeof oidc>;
export type OauthConfig = z.infer<typeof oauth>;
export type PinConfig = z.infer<typeof pin>;
export type IdentityConfig = z.infer<typeof IDENTITY_SCHEMA>;
export type SessionsConfig = z.infer<typeof SESSIONS_SCHEMA>;
