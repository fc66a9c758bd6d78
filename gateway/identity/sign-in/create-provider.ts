// Providers as the configuration describes them. Whoever imports this loads their libraries.

import type { IdentityConfig } from '../identity-schema.ts';
import { createFetch } from './bounded-fetch.ts';
import { OauthProvider } from './oauth.ts';
import { OidcProvider } from './oidc.ts';
import type { Provider } from './provider.ts';

export interface ProviderOptions {
  readonly name: string;
  readonly config: IdentityConfig[string];
  readonly clientSecret: string | undefined;
  /** PEM; undefined for the CAs of the platform. */
  readonly ca: string | undefined;
  readonly digest: string;
}

export function createProvider({ name, config, clientSecret, ca, digest }: ProviderOptions): Provider {
  const shared = { name, clientSecret, digest, fetch: createFetch(ca) };
  return 'oidc' in config ? new OidcProvider({ ...shared, config }) : new OauthProvider({ ...shared, config });
}
