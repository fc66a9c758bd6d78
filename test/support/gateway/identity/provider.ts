// A real provider of OpenID Connect in this process, where everybody signs in who wants to.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { onTestFinished } from 'vitest';

export interface TestProvider {
  readonly issuer: string;
  readonly provider: Provider;
  /** Who signs in next; undefined: they give up. */
  user: string | undefined;
  /** Answers that it changes before they leave; each of them may be replaced. */
  alter: ((path: string, body: string) => string | undefined) | undefined;
  /** Nobody answers there any more. */
  stop(): Promise<void>;
  /** New keys, under new names. */
  rotate(): void;
  /** A token of its key. */
  sign(claims: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>;
  /** As everybody gets it. */
  readonly publicKey: () => KeyObject;
  /** Requests by path. */
  readonly asked: Map<string, number>;
}

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

function createKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: `key ${counter++}`, use: 'sig', alg: 'ES256' };
}

export async function startProvider(options: ProviderOptions = {}): Promise<TestProvider> {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = new Map<string, number>();
  let key = createKey();
  const build = (): Provider => {
    const provider = new Provider(issuer, configurationOf(key, options));
    provider.proxy = true;
    return provider;
  };
  const test: TestProvider = {
    issuer,
    provider: build(),
    user: 'ann',
    alter: undefined,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    sign: (payload, header = {}) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header })
        .sign(createPrivateKey({ key, format: 'jwk' })),
    publicKey: () => createPublicKey({ key, format: 'jwk' }),
    rotate: () => {
      key = createKey();
      Object.assign(test, { provider: build() });
    },
  };
  server.on('request', (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    asked.set(path, (asked.get(path) ?? 0) + 1);
    if (test.alter) alterAnswer(response, (body) => test.alter?.(path, body));
    if (!path.startsWith('/interaction/')) {
      test.provider.callback()(request, response);
      return;
    }
    const result =
      test.user === undefined ? { error: 'access_denied' } : { login: { accountId: test.user, amr: ['pwd', 'otp'] } };
    test.provider.interactionFinished(request, response, result).catch(() => response.destroy());
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return test;
}

/** Everybody has an account, and agrees to everything. */
function configurationOf(key: ReturnType<typeof createKey>, options: ProviderOptions): Configuration {
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

function alterAnswer(response: http.ServerResponse, alter: (body: string) => string | undefined): void {
  const end = response.end.bind(response) as (body?: unknown) => http.ServerResponse;
  response.end = ((body?: unknown) => {
    const altered = body === undefined ? undefined : alter(String(body));
    if (altered === undefined) return end(body);
    if (!response.headersSent) response.setHeader('Content-Length', Buffer.byteLength(altered));
    return end(altered);
  }) as typeof response.end;
}
