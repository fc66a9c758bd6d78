// Providers of OAuth 2.0 without OpenID Connect: a code for an access token, with PKCE, and then
// what their own API says of the person, by the names of its members.

import * as client from 'openid-client';
import type { OauthConfig } from '../identity-schema.ts';
import { sourceOf } from '../known-people.ts';
import { type BoundedFetch, TIMEOUT_MS } from './bounded-fetch.ts';
import { type Claims, personFrom } from './claims.ts';
import { faultOf } from './oidc-fault.ts';
import { type RedirectProvider, type SignedIn, SignInError, type SignInSecrets } from './provider.ts';

export interface OauthOptions {
  readonly name: string;
  readonly config: OauthConfig;
  readonly clientSecret: string | undefined;
  readonly fetch: BoundedFetch;
  readonly digest: string;
}

const NAMES = { groups: 'groups', emailVerified: 'email_verified' };

export class OauthProvider implements RedirectProvider {
  readonly kind = 'redirect';
  readonly #config: OauthConfig;
  readonly #client: client.Configuration;
  readonly name: string;
  readonly source: string;
  readonly label: string;
  readonly digest: string;
  readonly readLogout = undefined;

  constructor({ name, config, clientSecret, fetch, digest }: OauthOptions) {
    const { authorize, token, issuer = authorize } = config.oauth;
    this.#config = config;
    this.name = name;
    this.source = sourceOf(config);
    this.label = config.label ?? name;
    this.digest = digest;
    this.#client = new client.Configuration(
      { issuer, authorization_endpoint: authorize, token_endpoint: token },
      config.clientId,
      {},
      clientSecret === undefined ? client.None() : client.ClientSecretPost(clientSecret),
    );
    this.#client[client.customFetch] = fetch as client.CustomFetch;
    this.#client.timeout = TIMEOUT_MS / 1_000;
    if ([token, config.oauth.user].some((url) => url.startsWith('http:'))) client.allowInsecureRequests(this.#client);
  }

  async begin(redirectUri: string, { state, verifier }: SignInSecrets): Promise<URL> {
    const { scopes } = this.#config;
    return client.buildAuthorizationUrl(this.#client, {
      redirect_uri: redirectUri,
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    });
  }

  async finish(callback: URL, { state, verifier }: SignInSecrets): Promise<SignedIn> {
    const url = new URL(callback);
    // Nothing says what it has to be. The provider has a redirect URI of its own all the same.
    if (this.#config.oauth.issuer === undefined) url.searchParams.delete('iss');
    try {
      const checks = { expectedState: state, pkceCodeVerifier: verifier };
      const { access_token: token } = await client.authorizationCodeGrant(this.#client, url, checks);
      const person = personFrom(this, await this.#claims(token), NAMES);
      // No such provider says when: as if it had been now.
      return { person, providerSession: undefined, signOutHint: undefined, authenticatedAt: Date.now() };
    } catch (error) {
      throw faultOf(error);
    }
  }

  async signOutUrl(): Promise<undefined> {
    return undefined;
  }

  /** Of the person's own account: what else it says is left where it is. */
  async #claims(token: string): Promise<Claims> {
    const { user: userUrl, subject, email, emailVerified, emails, groups, claims } = this.#config.oauth;
    const user = await this.#read(token, userUrl);
    const id = memberAt(user, subject);
    if (typeof id !== 'string' && !Number.isSafeInteger(id)) throw new SignInError('invalid', 'subject');
    const address =
      emails === undefined
        ? {
            email: memberAt(user, email),
            isVerified: emailVerified !== undefined && memberAt(user, emailVerified) === true,
          }
        : firstOf(await this.#read(token, emails));
    return {
      ...Object.fromEntries(claims.map((name) => [name, memberAt(user, name)])),
      sub: String(id),
      email: address.email,
      email_verified: address.isVerified,
      ...(groups !== undefined && { groups: memberAt(user, groups) }),
    };
  }

  async #read(token: string, url: string): Promise<unknown> {
    const headers = new Headers({ Accept: 'application/json' });
    const answer = await client.fetchProtectedResource(this.#client, token, new URL(url), 'GET', undefined, headers);
    if (answer.status !== 200)
      throw new SignInError(answer.status >= 500 ? 'away' : 'invalid', `status ${answer.status}`);
    try {
      return JSON.parse(await answer.text());
    } catch {
      throw new SignInError('invalid', 'no JSON');
    }
  }
}

/** @param path names of members, one below the other: `data.id` */
function memberAt(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as { readonly [name: string]: unknown })[name];
  }
  return found;
}

/** Of a list of addresses, the one that is both `primary` and `verified`. */
function firstOf(list: unknown): { readonly email: unknown; readonly isVerified: boolean } {
  const all: readonly unknown[] = Array.isArray(list) ? list : [];
  const own = all.find((each) => memberAt(each, 'primary') === true && memberAt(each, 'verified') === true);
  return { email: memberAt(own, 'email'), isVerified: own !== undefined };
}
