// Providers as the configuration describes them. Whoever imports this loads their libraries.

import type { IdentityConfig } from '../identity-schema.ts';
import { createFetch } from './bounded-fetch.ts';
import { OauthProvider } from './oauth.ts';
import { OidcProvider } from './oidc.ts';
import { MailedPin } from './pin.ts';
import type { Provider } from './provider.ts';

export interface ProviderOptions {
  readonly name: string;
  readonly config: IdentityConfig[string];
  /** Of the client, or the password at the mail server. */
  readonly secret: string | undefined;
  /** PEM; undefined for the CAs of the platform. */
  readonly ca: string | undefined;
  readonly digest: string;
}

export function createProvider({ name, config, secret, ca, digest }: ProviderOptions): Provider {
  if ('pin' in config) return new MailedPin({ name, config, password: secret, ca, digest });
  const addresses = 'oidc' in config ? [config.oidc] : [config.oauth.token, config.oauth.user, config.oauth.emails];
  const isLocal = addresses.some((address) => address?.startsWith('http:'));
  const shared = { name, clientSecret: secret, digest, fetch: createFetch({ ca, isLocal }) };
  return 'oidc' in config ? new OidcProvider({ ...shared, config }) : new OauthProvider({ ...shared, config });
}
