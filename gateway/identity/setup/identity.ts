// What the keys `auth`, `identity` and `sessions` of a configuration mean.

import { createHash, type X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { ProtocolError } from '../../../protocol/errors.ts';
import { ServerError } from '../../../runtime/errors.ts';
import { readPem } from '../../../runtime/tls.ts';
import type { KeyFileAccess } from '../../../store/key-file.ts';
import { readCertificates } from '../../devices/certificate/pem.ts';
import type { FactorsConfig } from '../../factors/factor-schema.ts';
import type { RelyingParty } from '../../factors/webauthn.ts';
import { createMailer } from '../../mail/create-mailer.ts';
import type { MailConfig } from '../../mail/mail-schema.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { readSecretAt } from '../../secret-at.ts';
import type { IdentityConfig, SessionsConfig } from '../identity-schema.ts';
import { createKnowsPerson, type KnowsPerson } from '../known-people.ts';
import type { PolicySession } from '../policies/policy-schema.ts';
import type { SessionRules } from '../sessions/session.ts';
import type { Durations } from '../sessions/session-record.ts';
import type { Provider } from '../sign-in/provider.ts';

export interface Identity {
  /** Of the gateway's own pages, without port. */
  readonly host: string;
  /** Of the gateway's own pages, as browsers write it. */
  readonly origin: string;
  /** The TLS profile of its pages; undefined under plain HTTP. */
  readonly tlsProfile: string | undefined;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Undefined without `mail`. */
  readonly mailer: Mailer | undefined;
  readonly ofPerson: Durations;
  /** Whether they still speak for a person who has signed in. */
  readonly knows: KnowsPerson;
  /** Something depends on when providers asked people who they are. */
  readonly asksForTime: boolean;
  /** Whether a session that seems to be somebody else's asks for a factor. */
  readonly watchesDrift: boolean;
  /** As authenticators know the gateway. */
  readonly party: RelyingParty;
}

/** Loaded by a configuration with providers alone: it brings their libraries. */
export type ProvidersModule = typeof import('../sign-in/create-provider.ts');

/** A request writes nothing more often than this. */
const MAX_GRAIN_MS = 60_000;

export interface IdentityKeys {
  /** Host, and port if it is not the usual one. */
  readonly auth?: string | undefined;
  readonly identity: IdentityConfig;
  readonly sessions: SessionsConfig;
  readonly factors: FactorsConfig;
  readonly mail?: MailConfig | undefined;
  readonly apps: {
    readonly [name: string]: {
      readonly access?: { readonly policies: readonly { readonly session?: PolicySession | undefined }[] } | undefined;
    };
  };
  readonly isSecure: boolean;
  readonly tlsProfile: string | undefined;
}

export interface IdentityParts {
  readonly access: KeyFileAccess;
  readonly module: ProvidersModule | undefined;
  readonly previous: Identity | undefined;
}

/**
 * Undefined where nobody signs in. Providers that stay as they were keep what they know.
 * @throws StoreError for a secret that cannot be used, ServerError and Error of the platform for a
 * file of CAs
 */
export function createIdentity(keys: IdentityKeys, parts: IdentityParts): Identity | undefined {
  const { auth, identity, sessions, factors, mail, isSecure, tlsProfile } = keys;
  const names = Object.keys(identity);
  if (auth === undefined || names.length === 0) return undefined;
  const { module } = parts;
  if (!module) throw new TypeError('providers are not loaded');
  const providers = Object.entries(identity).map(([name, config]): [string, Provider] => {
    const { caFile } = config;
    const [key, secretFile] =
      'pin' in config ? ['pin.passwordFile', config.pin.passwordFile] : ['clientSecretFile', config.clientSecretFile];
    const secret =
      secretFile === undefined
        ? undefined
        : readSecretAt(`identity.${name}.${key}`, secretFile, { wanted: 'secret', parse: parseSecret }, parts.access);
    const ca = caFile === undefined ? undefined : fs.readFileSync(caFile, 'utf8');
    const digest = createHash('sha256')
      .update(JSON.stringify([name, config, secret, ca]))
      .digest('hex');
    const before = parts.previous?.providers.get(name);
    return [name, before?.digest === digest ? before : module.createProvider({ name, config, secret, ca, digest })];
  });
  const host = auth.replace(/:\d+$/, '');
  const origin = `${isSecure ? 'https' : 'http'}://${auth}`;
  return {
    host,
    origin,
    tlsProfile,
    providers: new Map(providers),
    mailer: mail && createMailer(mail, parts.access),
    knows: createKnowsPerson(identity),
    ofPerson: { absoluteMs: sessions.absolute, idleMs: sessions.idle },
    asksForTime: factors.skipWhereAmr.length > 0 || hasAges(keys),
    watchesDrift: sessions.drift !== 'off',
    party: { host, origin: new URL(origin).origin, ...authenticatorsOf(factors) },
  };
}

/** Policies say how long ago people may have signed in. */
const hasAges = ({ apps }: IdentityKeys): boolean =>
  Object.values(apps).some(({ access }) => access?.policies.some(({ session }) => session?.absolute));

function authenticatorsOf({ aaguids, attestationFile }: FactorsConfig): Pick<RelyingParty, 'aaguids' | 'cas'> {
  return {
    aaguids: aaguids && new Set(aaguids),
    cas: attestationFile === undefined ? [] : readCas(attestationFile),
  };
}

/** @throws ServerError */
function readCas(file: string): readonly X509Certificate[] {
  try {
    const cas = readCertificates(readPem(file).toString());
    if (cas.length === 0) throw new Error('there is no certificate in it');
    return cas;
  } catch (cause) {
    if (cause instanceof ServerError) throw cause;
    throw new ServerError(
      'TLS_FILE_UNREADABLE',
      `attestationFile ${file} has no CA that can be read`,
      'Put the certificates of the CAs of makers into it, in PEM.',
      { cause },
    );
  }
}

function parseSecret(text: string): string {
  const secret = text.trim();
  if (!/^[\x20-\x7e]{1,500}$/.test(secret)) throw new ProtocolError('KEY_MALFORMED', 'not a secret', 'Write one line.');
  return secret;
}

/** What an application of this name asks of sessions; undefined where nobody signs in. */
export function sessionRulesOf(
  name: string,
  access:
    | {
        readonly hosts?: readonly string[] | undefined;
        readonly providers?: readonly string[] | undefined;
        readonly session?: PolicySession | undefined;
        readonly policies: readonly { readonly session?: PolicySession | undefined }[];
      }
    | undefined,
  { identity, sessions }: Pick<IdentityKeys, 'identity' | 'sessions'>,
): SessionRules | undefined {
  if (!access || Object.keys(identity).length === 0) return undefined;
  const { hosts, providers = Object.keys(identity), session = {}, policies } = access;
  const { absolute = sessions.absolute, idle = sessions.idle } = session;
  const idles = [idle, ...policies.flatMap(({ session: own }) => own?.idle ?? [])];
  return {
    providers: new Set(providers),
    // A name with `*` is no host that anybody comes back to.
    hosts: new Set(hosts ?? [name.split('/')[0] as string]),
    absoluteMs: absolute,
    idleMs: idle,
    grainMs: Math.min(MAX_GRAIN_MS, ...idles.map((ms) => ms / 4)),
  };
}
