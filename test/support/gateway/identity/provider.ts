// A real provider of OpenID Connect in this process, where everybody signs in who wants to.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { onTestFinished } from 'vitest';
import { configurationOf, createKey, type ProviderOptions } from './provider-configuration.ts';

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

function alterAnswer(response: http.ServerResponse, alter: (body: string) => string | undefined): void {
  const end = response.end.bind(response) as (body?: unknown) => http.ServerResponse;
  response.end = ((body?: unknown) => {
    const altered = body === undefined ? undefined : alter(String(body));
    if (altered === undefined) return end(body);
    if (!response.headersSent) response.setHeader('Content-Length', Buffer.byteLength(altered));
    return end(altered);
  }) as typeof response.end;
}
