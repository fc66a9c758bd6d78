// Providers of OpenID Connect: the code flow with PKCE, state, nonce and issuer (RFC 9700), and
// tokens whose signature is verified although they came under TLS.

import { hash } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWTPayload, customFetch as joseFetch, jwtVerify } from 'jose';
import * as client from 'openid-client';
import type { OidcConfig } from '../identity-schema.ts';
import { sourceOf } from '../known-people.ts';
import { type BoundedFetch, isSafeAddress, TIMEOUT_MS } from './bounded-fetch.ts';
import { type Claims, personFrom } from './claims.ts';
import { faultOf } from './oidc-fault.ts';
import {
  type LogoutNotice,
  type MaxAge,
  type RedirectProvider,
  type SignedIn,
  type SignedInBefore,
  SignInError,
  type SignInSecrets,
} from './provider.ts';

/** Keys of these are never secrets that the gateway has too. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const REFRESH_MS = 3_600_000;
/** How often keys are fetched for a token whose key nobody knows. */
const KEY_COOLDOWN_MS = 5_000;
const CLOCK_TOLERANCE_S = 30;
/** Longer addresses are refused by servers, and it is only a part of one. */
const MAX_HINT_LENGTH = 4_096;
/** Of a logout token without `exp`: providers by drafts of the specification send none. */
const NOTICE_S = 120;
/** What providers send is good for minutes. */
const MAX_NOTICE_S = 86_400;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export interface OidcOptions {
  readonly name: string;
  readonly config: OidcConfig;
  readonly clientSecret: string | undefined;
  readonly fetch: BoundedFetch;
  readonly digest: string;
}

type Keys = ReturnType<typeof createRemoteJWKSet>;

/** The provider's own document, and what is known by it. */
interface Discovered {
  readonly configuration: client.Configuration;
  /** Of the configuration, which copies it each time that it is asked. */
  readonly metadata: Readonly<client.ServerMetadata>;
  readonly keys: Keys;
  readonly at: number;
}

export class OidcProvider implements RedirectProvider {
  readonly kind = 'redirect';
  readonly #options: OidcOptions;
  readonly name: string;
  readonly source: string;
  readonly label: string;
  readonly digest: string;
  #known: Discovered | undefined;
  #discovering: Promise<Discovered> | undefined;

  constructor(options: OidcOptions) {
    const { name, config, digest } = options;
    this.#options = options;
    this.name = name;
    this.source = sourceOf(config);
    this.label = config.label ?? name;
    this.digest = digest;
  }

  async begin(redirectUri: string, { state, nonce, verifier }: SignInSecrets, maxAge?: MaxAge): Promise<URL> {
    const { configuration } = await this.#discover();
    return client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.#options.config.scopes.join(' '),
      state,
      nonce,
      // RFC 7636 §4.2.
      code_challenge: hash('sha256', verifier, 'base64url'),
      code_challenge_method: 'S256',
      ...(maxAge && { max_age: String(secondsOf(maxAge)) }),
    });
  }

  async finish(callback: URL, { state, nonce, verifier }: SignInSecrets, maxAge?: MaxAge): Promise<SignedIn> {
    const { configuration, metadata, keys } = await this.#discover();
    try {
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await client.authorizationCodeGrant(configuration, callback, checks);
      const { payload } = await this.#verifyFresh(tokens.id_token ?? '', keys);
      const { sub = '', sid } = payload;
      const authenticatedAt = authenticatedIn(payload, maxAge);
      const claims = await this.#completed({ configuration, metadata }, payload, tokens.access_token, sub);
      const person = personFrom(this, claims, this.#options.config);
      return {
        person,
        providerSession: typeof sid === 'string' && sid !== '' ? sid : undefined,
        signOutHint: hintFrom(tokens.id_token, metadata),
        authenticatedAt,
      };
    } catch (error) {
      throw faultOf(error);
    }
  }

  /** OpenID Connect RP-Initiated Logout §2. */
  async signOutUrl({ person, signOutHint }: SignedInBefore, after: string): Promise<URL | undefined> {
    const { configuration, metadata } = await this.#discover();
    if (metadata.end_session_endpoint === undefined) return undefined;
    return client.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: after,
      logout_hint: person.subject,
      ...(signOutHint !== undefined && { id_token_hint: signOutHint }),
    });
  }

  /** OpenID Connect Back-Channel Logout §2.6. */
  readLogout = async (token: string): Promise<LogoutNotice> => {
    const { keys } = await this.#discover();
    try {
      const { payload, protectedHeader } = await this.#verify(token, keys);
      const { sub, sid, jti, iat = 0, exp = iat + NOTICE_S, events, nonce } = payload;
      if (nonce !== undefined) throw new SignInError('invalid', 'nonce in a logout token');
      if (protectedHeader.typ !== undefined && !/^(?:application\/)?logout\+jwt$|^JWT$/i.test(protectedHeader.typ))
        throw new SignInError('invalid', 'type of a logout token');
      if (typeof events !== 'object' || events === null || !Object.hasOwn(events, LOGOUT_EVENT))
        throw new SignInError('invalid', 'events of a logout token');
      if (typeof jti !== 'string' || jti === '' || iat === 0) throw new SignInError('invalid', 'jti or iat');
      const subject = typeof sub === 'string' && sub !== '' ? sub : undefined;
      const providerSession = typeof sid === 'string' && sid !== '' ? sid : undefined;
      if (subject === undefined && providerSession === undefined) throw new SignInError('invalid', 'sub and sid');
      // The gateway remembers it as long as it is good.
      const left = exp + CLOCK_TOLERANCE_S - Date.now() / 1_000;
      if (left < 0 || left > MAX_NOTICE_S) throw new SignInError('invalid', 'exp of a logout token');
      return { subject, providerSession, id: jti, untilMs: (exp + CLOCK_TOLERANCE_S) * 1_000 };
    } catch (error) {
      throw faultOf(error);
    }
  };

  /** Keys may have changed since they were fetched; a token came for a code that nobody guesses. */
  async #verifyFresh(token: string, keys: Keys) {
    try {
      return await this.#verify(token, keys);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await keys.reload();
      return this.#verify(token, keys);
    }
  }

  #verify(token: string, keys: Keys) {
    const { clientId } = this.#options.config;
    const { issuer } = (this.#known as Discovered).metadata;
    return jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience: clientId,
      clockTolerance: CLOCK_TOLERANCE_S,
    });
  }

  /** Many providers have e-mail and groups at another place alone: OpenID Connect Core §5.3. */
  async #completed(
    { configuration, metadata }: Pick<Discovered, 'configuration' | 'metadata'>,
    payload: JWTPayload,
    accessToken: string,
    subject: string,
  ): Promise<Claims> {
    const { groups, emailVerified } = this.#options.config;
    if (metadata.userinfo_endpoint === undefined || (payload['email'] !== undefined && payload[groups] !== undefined))
      return payload;
    const more: Claims = await client.fetchUserInfo(configuration, accessToken, subject);
    // An address and whether it is theirs belong together: both of one answer.
    const hasEmail = payload['email'] !== undefined && payload[emailVerified] !== undefined;
    const { email, [emailVerified]: verified } = hasEmail ? payload : more;
    return { ...more, ...payload, email, [emailVerified]: verified };
  }

  /** Fetched once it is needed, and anew beside requests every hour: an older one goes on. */
  #discover(): Promise<Discovered> {
    const known = this.#known;
    if (known && performance.now() - known.at < REFRESH_MS) return Promise.resolve(known);
    this.#discovering ??= this.#fetchDocument().finally(() => {
      this.#discovering = undefined;
    });
    if (!known) return this.#discovering;
    this.#discovering.catch(() => undefined);
    return Promise.resolve(known);
  }

  async #fetchDocument(): Promise<Discovered> {
    const { config, clientSecret, fetch } = this.#options;
    const { oidc, clientId } = config;
    const isPlain = oidc.startsWith('http:');
    try {
      const ofClient = { id_token_signed_response_alg: ALGORITHMS as unknown as string };
      const authentication = clientSecret === undefined ? client.None() : undefined;
      const configuration = await client.discovery(
        new URL(oidc),
        clientId,
        { ...ofClient, ...(clientSecret !== undefined && { client_secret: clientSecret }) },
        authentication,
        {
          timeout: TIMEOUT_MS / 1_000,
          [client.customFetch]: fetch as client.CustomFetch,
          execute: isPlain ? [client.allowInsecureRequests] : [],
        },
      );
      const metadata = configuration.serverMetadata();
      const { jwks_uri: uri, authorization_endpoint, end_session_endpoint } = metadata;
      const places = [uri, authorization_endpoint, end_session_endpoint].filter((each) => each !== undefined);
      if (!places.every((each) => isSafeAddress(each, isPlain)))
        throw new SignInError('invalid', 'an address without TLS');
      if (uri === undefined) throw new SignInError('invalid', 'a provider without keys');
      // Keys outlive the document, so that a new one fetches none.
      const isSame = this.#known?.metadata.jwks_uri === uri;
      const keys =
        this.#known && isSame
          ? this.#known.keys
          : createRemoteJWKSet(new URL(uri), {
              cooldownDuration: KEY_COOLDOWN_MS,
              timeoutDuration: TIMEOUT_MS,
              [joseFetch]: fetch,
            });
      this.#known = { configuration, metadata, keys, at: performance.now() };
      return this.#known;
    } catch (error) {
      throw faultOf(error);
    }
  }
}

const secondsOf = ({ ms }: MaxAge): number => Math.floor(ms / 1_000);

/**
 * Whoever changes what the browser asks the provider for gets a token all the same: what was asked
 * for is looked at here. @throws SignInError
 */
function authenticatedIn({ auth_time: time }: JWTPayload, maxAge: MaxAge | undefined): number {
  const now = Date.now();
  const at = typeof time === 'number' && Number.isSafeInteger(time) && time > 0 ? time * 1_000 : 0;
  const isOld = maxAge !== undefined && now - at >= maxAge.ms + CLOCK_TOLERANCE_S * 1_000;
  if (maxAge?.isRequired && isOld) throw new SignInError('invalid', 'auth_time that is old or missing');
  if (at > now + CLOCK_TOLERANCE_S * 1_000) throw new SignInError('invalid', 'auth_time of the future');
  return Math.min(at, now);
}

/** Many providers end no session without it, though they need not have it: §2 recommends it. */
function hintFrom(idToken: string | undefined, metadata: Discovered['metadata']): string | undefined {
  return metadata.end_session_endpoint !== undefined && (idToken?.length ?? 0) <= MAX_HINT_LENGTH ? idToken : undefined;
}
