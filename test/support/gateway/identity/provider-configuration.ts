// How a provider of OpenID Connect is set up whose only client is the gateway, and where everybody
// signs in who wants to.

import { generateKeyPairSync } from 'node:crypto';
import type { Configuration } from 'oidc-provider';

export const CLIENT = { id: 'gateway', secret: 'a secret of the gateway and the provider' };

export interface ProviderOptions {
  /** The name that the gateway's configuration has for it. */
  readonly name?: string;
  /** Of the gateway's own pages. */
  readonly pages?: string;
  /** Whether the gateway has no secret there. */
  readonly isPublic?: boolean;
  readonly claims?: { readonly [name: string]: unknown };
  /** Where its notices go instead of to the gateway's name. */
  readonly send?: (url: string, body: string) => Promise<number>;
  readonly configuration?: Configuration;
}

let counter = 0;

export function createKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: `key ${counter++}`, use: 'sig', alg: 'ES256' };
}

/** Everybody has an account, and agrees to everything. */
export function configurationOf(key: ReturnType<typeof createKey>, options: ProviderOptions): Configuration {
  const {
    name = 'staff',
    pages = 'http://auth.example',
    isPublic = false,
    claims = {},
    send,
    configuration = {},
  } = options;
  return {
    clients: [
      {
        client_id: CLIENT.id,
        ...(isPublic
          ? { token_endpoint_auth_method: 'none' }
          : { client_secret: CLIENT.secret, token_endpoint_auth_method: 'client_secret_post' }),
        redirect_uris: [`${pages}/callback/${name}`],
        post_logout_redirect_uris: [`${pages}/signed-out`],
        id_token_signed_response_alg: 'ES256',
        backchannel_logout_uri: `${pages}/back-channel-logout/${name}`,
        backchannel_logout_session_required: true,
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ['a key of the test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        ...{ sub: id, email: `${id}@example.com`, email_verified: true, name: id, groups: ['all'] },
        ...claims,
      }),
    }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client?.clientId ?? '',
        accountId: ctx.oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Grant: 600, Interaction: 600, Session: 600 },
    fetch: async (url, init) => {
      const status = (await send?.(String(url), String(init?.body))) ?? 200;
      return new Response(null, { status });
    },
    ...configuration,
  };
}
